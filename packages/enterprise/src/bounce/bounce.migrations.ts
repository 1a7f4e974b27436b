// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mixin } from '@mail-proxy/core';

export const bounceMigrations: NonNullable<Mixin['migrations']> = [
  {
    number: 1,
    name: 'bounces',
    minReader: 1,
    up: (schema, t) => [
      schema
        .createTable('bounce_settings')
        .addColumn('tenant_id', t.key, (c) => c.primaryKey().references('tenants.id').onDelete('cascade'))
        .addColumn('return_path_domain', t.text)
        .addColumn('return_path_prefix', t.text, (c) => c.notNull())
        .addColumn('per_recipient', t.integer, (c) => c.notNull())
        .addColumn('trust_unsigned_ids', t.integer, (c) => c.notNull())
        .addColumn('updated_at', t.bigint, (c) => c.notNull()),
      schema
        .createTable('bounce_unmatched')
        .addColumn('pk', t.pk, (c) => c.primaryKey())
        .addColumn('tenant_id', t.key, (c) => c.references('tenants.id').onDelete('cascade'))
        .addColumn('scope', t.key, (c) => c.notNull())
        .addColumn('hash', t.key, (c) => c.notNull())
        .addColumn('kind', t.key, (c) => c.notNull())
        .addColumn('why', t.key, (c) => c.notNull())
        .addColumn('recipients', t.text, (c) => c.notNull())
        .addColumn('message_id', t.text)
        .addColumn('reporting_mta', t.text)
        .addColumn('received_at', t.bigint, (c) => c.notNull()),
      schema.createIndex('bounce_unmatched_once').on('bounce_unmatched').columns(['scope', 'hash']).unique(),
      schema.createIndex('bounce_unmatched_scope').on('bounce_unmatched').columns(['scope', 'pk']),
    ],
  },
  {
    number: 2,
    name: 'unmatched-by-age',
    minReader: 1,
    up: (schema) => [
      // For the tenant that is deleted, and for what is too old.
      schema.createIndex('bounce_unmatched_tenant').on('bounce_unmatched').columns(['tenant_id']),
      schema.createIndex('bounce_unmatched_received').on('bounce_unmatched').columns(['received_at']),
    ],
  },
];
