// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Limits, pauses, suspensions, doubt, expiry, retry policies, DKIM keys, and events that belong to no message. */
export const deliveryControl: Migration = {
  number: 2,
  name: 'delivery-control',
  // Older code would read events without a message.
  minReader: 2,
  up: (schema, t, compiler) => [
    schema.alterTable('instance').addColumn('paused_at', t.bigint),

    schema.alterTable('tenants').addColumn('suspended_at', t.bigint),
    schema.alterTable('tenants').addColumn('weight', t.integer, (c) => c.notNull().defaultTo(1)),
    schema.alterTable('tenants').addColumn('limit_per_minute', t.integer),
    schema.alterTable('tenants').addColumn('limit_per_hour', t.integer),
    schema.alterTable('tenants').addColumn('limit_per_day', t.integer),
    schema.alterTable('tenants').addColumn('limit_unit', t.text, (c) => c.notNull().defaultTo('message')),
    schema.alterTable('tenants').addColumn('refuse_over_limit', t.integer, (c) => c.notNull().defaultTo(0)),
    schema.alterTable('tenants').addColumn('on_in_doubt', t.text, (c) => c.notNull().defaultTo('retry')),
    schema.alterTable('tenants').addColumn('retry', t.text),
    schema.alterTable('tenants').addColumn('reply_rules', t.text),

    schema.alterTable('accounts').addColumn('weight', t.integer, (c) => c.notNull().defaultTo(1)),
    schema.alterTable('accounts').addColumn('limit_per_minute', t.integer),
    schema.alterTable('accounts').addColumn('limit_per_hour', t.integer),
    schema.alterTable('accounts').addColumn('limit_per_day', t.integer),
    schema.alterTable('accounts').addColumn('limit_behavior', t.text, (c) => c.notNull().defaultTo('defer')),
    schema.alterTable('accounts').addColumn('limit_unit', t.text, (c) => c.notNull().defaultTo('message')),
    schema.alterTable('accounts').addColumn('auth_method', t.text, (c) => c.notNull().defaultTo('auto')),
    schema.alterTable('accounts').addColumn('oauth', t.text),
    schema.alterTable('accounts').addColumn('tls_min_version', t.text),
    schema.alterTable('accounts').addColumn('tls_client_cert', t.text),
    schema.alterTable('accounts').addColumn('tls_client_key', t.text),
    schema.alterTable('accounts').addColumn('ehlo_name', t.text),
    schema.alterTable('accounts').addColumn('retry', t.text),

    // Apart from the account: a pause is no change of its settings, so connections and caches stay.
    schema
      .createTable('account_pauses')
      .addColumn('account_pk', t.pk, (c) => c.primaryKey().references('accounts.pk').onDelete('cascade'))
      .addColumn('since', t.bigint, (c) => c.notNull())
      .addColumn('until_at', t.bigint, (c) => c.notNull())
      .addColumn('failures', t.integer, (c) => c.notNull())
      .addColumn('reason', t.text, (c) => c.notNull()),

    schema
      .createTable('suspended_batches')
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('batch_code', t.key, (c) => c.notNull())
      .addColumn('suspended_at', t.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('suspended_batches_pk', ['tenant_id', 'batch_code']),

    // What was sent in the sliding windows of the rate limits, in small buckets; see queue/rate-limits.ts.
    schema
      .createTable('rate_uses')
      .addColumn('scope', t.key, (c) => c.notNull())
      .addColumn('window_ms', t.integer, (c) => c.notNull())
      .addColumn('bucket_at', t.bigint, (c) => c.notNull())
      .addColumn('session', t.bigint, (c) => c.notNull())
      .addColumn('used', t.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('rate_uses_pk', ['scope', 'window_ms', 'bucket_at', 'session']),

    schema
      .createTable('dkim_keys')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('account_pk', t.pk, (c) => c.references('accounts.pk').onDelete('cascade'))
      .addColumn('domain', t.key, (c) => c.notNull())
      .addColumn('selector', t.key, (c) => c.notNull())
      .addColumn('algorithm', t.text, (c) => c.notNull())
      .addColumn('private_key', t.text, (c) => c.notNull())
      .addColumn('public_key', t.text, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addUniqueConstraint('dkim_keys_selector', ['tenant_id', 'domain', 'selector']),

    schema.alterTable('messages').addColumn('on_in_doubt', t.text, (c) => c.notNull().defaultTo('retry')),
    schema.alterTable('messages').addColumn('handed_at', t.bigint),
    schema.alterTable('messages').addColumn('units', t.integer, (c) => c.notNull().defaultTo(1)),
    schema
      .createIndex('messages_expiring')
      .on('messages')
      .columns(['expires_at'])
      .where(sql.ref('state'), '<>', sql.lit('final')),
    schema
      .createIndex('messages_batch')
      .on('messages')
      .columns(['tenant_id', 'batch_code', 'state'])
      .where(sql.ref('batch_code'), 'is not', null)
      .where(sql.ref('state'), '<>', sql.lit('final')),

    // Events may belong to an account instead of a message. SQLite can't lift NOT NULL, so the table is made anew.
    schema
      .createTable('message_events_2')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull())
      .addColumn('message_pk', t.pk, (c) => c.references('messages.pk').onDelete('cascade'))
      .addColumn('account_pk', t.pk)
      .addColumn('type', t.key, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('attempt', t.integer, (c) => c.notNull())
      .addColumn('detail', t.text, (c) => c.notNull())
      .addColumn('seq', t.bigint),
    {
      compile: () =>
        sql`insert into ${sql.table('message_events_2')} (pk, tenant_id, message_pk, type, at, attempt, detail, seq)
          select pk, tenant_id, message_pk, type, at, attempt, detail, seq from ${sql.table('message_events')}`.compile(
          compiler,
        ),
    },
    schema.dropTable('message_events'),
    schema.alterTable('message_events_2').renameTo('message_events'),
    schema.createIndex('message_events_message').on('message_events').columns(['message_pk', 'pk']),
    schema.createIndex('message_events_seq').on('message_events').columns(['tenant_id', 'seq']).unique(),
    schema
      .createIndex('message_events_fresh')
      .on('message_events')
      .columns(['tenant_id', 'pk'])
      .where(sql.ref('seq'), 'is', null),
  ],
};
