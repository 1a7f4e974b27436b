// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Addresses that a tenant does not write to. */
export const suppression: Migration = {
  number: 10,
  name: 'suppression',
  // Older code goes on, and knows nothing of the list: it sends to who is on it.
  minReader: 4,
  up: (schema, t) => [
    schema.alterTable('tenants').addColumn('suppression', t.text),
    schema
      .createTable('suppressions')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('address', t.key, (c) => c.notNull())
      .addColumn('reason', t.key, (c) => c.notNull())
      .addColumn('note', t.text)
      .addColumn('source_event_pk', t.pk)
      .addColumn('stopped', t.bigint, (c) => c.notNull())
      .addColumn('last_stopped_at', t.bigint)
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull())
      .addColumn('expires_at', t.bigint),
    // In this order, since an operator may ask for an address without its tenant.
    schema.createIndex('suppressions_address').unique().on('suppressions').columns(['address', 'tenant_id']),
    schema.createIndex('suppressions_listed').on('suppressions').columns(['tenant_id', 'pk']),
    schema
      .createIndex('suppressions_expiring')
      .on('suppressions')
      .columns(['expires_at'])
      .where(sql.ref('expires_at'), 'is not', null),

    // What counts against an address and is not enough yet.
    schema
      .createTable('suppression_strikes')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('address', t.key, (c) => c.notNull())
      .addColumn('kind', t.key, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('forget_at', t.bigint, (c) => c.notNull()),
    schema
      .createIndex('suppression_strikes_counted')
      .on('suppression_strikes')
      .columns(['tenant_id', 'address', 'kind', 'at']),
    schema.createIndex('suppression_strikes_forgotten').on('suppression_strikes').columns(['forget_at']),
  ],
};
