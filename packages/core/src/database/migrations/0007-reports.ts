// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration } from './migration.ts';

/** What a tenant refused, what it was called with, and the secrets that sign it. */
export const reports: Migration = {
  number: 7,
  name: 'reports',
  // Older code tells what it told before: it only leaves to newer instances what was refused.
  minReader: 4,
  up: (schema, t) => [
    schema.alterTable('report_cursors').addColumn('calls', t.bigint, (c) => c.notNull().defaultTo(0)),
    schema.alterTable('report_cursors').addColumn('batch_at', t.bigint),
    schema.alterTable('report_cursors').addColumn('batch_to', t.bigint),
    schema.alterTable('report_cursors').addColumn('batch_failures', t.integer, (c) => c.notNull().defaultTo(0)),
    schema.alterTable('report_cursors').addColumn('failing_since', t.bigint),
    schema.alterTable('report_cursors').addColumn('disabled_at', t.bigint),

    schema
      .createTable('report_exceptions')
      .addColumn('event_pk', t.pk, (c) => c.primaryKey().references('message_events.pk').onDelete('cascade'))
      .addColumn('tenant_id', t.key, (c) => c.notNull())
      .addColumn('seq', t.bigint, (c) => c.notNull())
      .addColumn('subject', t.pk, (c) => c.notNull())
      .addColumn('kind', t.key, (c) => c.notNull())
      .addColumn('attempts', t.integer, (c) => c.notNull())
      .addColumn('next_attempt_at', t.bigint, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull()),
    schema.createIndex('report_exceptions_seq').on('report_exceptions').columns(['tenant_id', 'seq']).unique(),
    schema.createIndex('report_exceptions_subject').on('report_exceptions').columns(['tenant_id', 'subject', 'seq']),
    schema.createIndex('report_exceptions_due').on('report_exceptions').columns(['tenant_id', 'next_attempt_at']),

    schema
      .createTable('given_up_events')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('first_seq', t.bigint, (c) => c.notNull())
      .addColumn('last_seq', t.bigint, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('reason', t.text, (c) => c.notNull()),
    schema.createIndex('given_up_events_tenant').on('given_up_events').columns(['tenant_id', 'pk']),

    schema
      .createTable('report_calls')
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('slot', t.integer, (c) => c.notNull())
      .addColumn('number', t.bigint, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('host', t.text, (c) => c.notNull())
      .addColumn('webhook_id', t.text, (c) => c.notNull())
      .addColumn('events', t.integer, (c) => c.notNull())
      .addColumn('status', t.integer)
      .addColumn('duration_ms', t.integer, (c) => c.notNull())
      .addColumn('error', t.text)
      .addColumn('answer', t.text)
      .addColumn('detail', t.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('report_calls_pk', ['tenant_id', 'slot']),

    schema
      .createTable('signing_secrets')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('secret', t.text, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('expires_at', t.bigint),
    schema.createIndex('signing_secrets_tenant').on('signing_secrets').columns(['tenant_id', 'pk']),
  ],
};
