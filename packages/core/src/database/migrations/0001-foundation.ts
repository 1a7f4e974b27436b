// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const foundation: Migration = {
  number: 1,
  name: 'foundation',
  minReader: 1,
  up: (schema, t) => [
    schema
      .createTable('instance')
      .addColumn('id', t.integer, (c) => c.primaryKey())
      .addColumn('name', t.text, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull()),

    schema
      .createTable('sessions')
      .addColumn('number', t.serial)
      .addColumn('instance', t.text, (c) => c.notNull())
      .addColumn('started_at', t.bigint, (c) => c.notNull())
      .addColumn('heartbeat_at', t.bigint, (c) => c.notNull())
      .addColumn('ended_at', t.bigint),

    schema
      .createTable('tenants')
      .addColumn('id', t.key, (c) => c.primaryKey())
      .addColumn('name', t.text)
      .addColumn('client_base_url', t.text)
      .addColumn('client_sync_path', t.text)
      .addColumn('client_attachment_path', t.text)
      .addColumn('client_auth', t.text)
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull()),

    schema
      .createTable('api_keys')
      .addColumn('id', t.pk, (c) => c.primaryKey())
      .addColumn('hash', t.key, (c) => c.notNull().unique())
      .addColumn('tenant_id', t.key, (c) => c.references('tenants.id').onDelete('cascade'))
      .addColumn('scopes', t.text, (c) => c.notNull())
      .addColumn('label', t.text, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('expires_at', t.bigint)
      .addColumn('revoked_at', t.bigint),
    schema.createIndex('api_keys_tenant').on('api_keys').columns(['tenant_id']),

    schema
      .createTable('accounts')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id'))
      .addColumn('id', t.key, (c) => c.notNull())
      .addColumn('host', t.text, (c) => c.notNull())
      .addColumn('port', t.integer, (c) => c.notNull())
      .addColumn('username', t.text)
      .addColumn('password', t.text)
      .addColumn('tls', t.text, (c) => c.notNull())
      .addColumn('tls_servername', t.text)
      .addColumn('tls_ca', t.text)
      .addColumn('tls_insecure', t.integer, (c) => c.notNull())
      .addColumn('is_default', t.integer, (c) => c.notNull())
      .addColumn('max_connections', t.integer, (c) => c.notNull())
      .addColumn('max_messages_per_connection', t.integer, (c) => c.notNull())
      .addColumn('version', t.integer, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull())
      .addUniqueConstraint('accounts_id', ['id', 'tenant_id']),
    schema.createIndex('accounts_tenant').on('accounts').columns(['tenant_id', 'pk']),
    // At most one default account a tenant.
    schema
      .createIndex('accounts_default')
      .on('accounts')
      .columns(['tenant_id'])
      .unique()
      .where(sql.ref('is_default'), '=', sql.lit(1)),

    schema
      .createTable('storages')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('name', t.key, (c) => c.notNull())
      .addColumn('protocol', t.text, (c) => c.notNull())
      .addColumn('config', t.text)
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull())
      .addUniqueConstraint('storages_name', ['tenant_id', 'name']),

    schema
      .createTable('messages')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id'))
      .addColumn('id', t.key, (c) => c.notNull())
      .addColumn('account_pk', t.pk, (c) => c.notNull().references('accounts.pk'))
      .addColumn('state', t.key, (c) => c.notNull())
      .addColumn('result', t.key)
      .addColumn('priority', t.integer, (c) => c.notNull())
      .addColumn('eligible_at', t.bigint, (c) => c.notNull())
      .addColumn('rank', t.bigint, (c) => c.notNull())
      .addColumn('owner_session', t.bigint)
      .addColumn('attempts', t.integer, (c) => c.notNull())
      .addColumn('batch_code', t.key)
      .addColumn('message_id', t.text, (c) => c.notNull())
      .addColumn('expires_at', t.bigint)
      .addColumn('last_error', t.text)
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull())
      .addColumn('final_at', t.bigint)
      // The id first, so that an id without a tenant is found too.
      .addUniqueConstraint('messages_id', ['id', 'tenant_id']),
    schema.createIndex('messages_tenant').on('messages').columns(['tenant_id', 'pk']),
    // A lane: the ready messages of one account in the order in which they are claimed.
    schema
      .createIndex('messages_ready')
      .on('messages')
      .columns(['account_pk', 'rank', 'pk'])
      .where(sql.ref('state'), '=', sql.lit('ready')),
    schema
      .createIndex('messages_deferred')
      .on('messages')
      .columns(['eligible_at'])
      .where(sql.ref('state'), '=', sql.lit('deferred')),
    schema
      .createIndex('messages_leased')
      .on('messages')
      .columns(['owner_session'])
      .where(sql.ref('state'), '=', sql.lit('leased')),
    // Waiting mail of an account: what forbids its deletion, and what is counted as pending.
    schema
      .createIndex('messages_waiting')
      .on('messages')
      .columns(['account_pk'])
      .where(sql.ref('state'), '<>', sql.lit('final')),

    schema
      .createTable('message_contents')
      .addColumn('message_pk', t.pk, (c) => c.primaryKey().references('messages.pk').onDelete('cascade'))
      .addColumn('content', t.text, (c) => c.notNull()),

    schema
      .createTable('message_attachments')
      .addColumn('message_pk', t.pk, (c) => c.notNull().references('messages.pk').onDelete('cascade'))
      .addColumn('position', t.integer, (c) => c.notNull())
      .addColumn('filename', t.text, (c) => c.notNull())
      .addColumn('mime_type', t.text, (c) => c.notNull())
      .addColumn('disposition', t.text, (c) => c.notNull())
      .addColumn('content_id', t.text)
      .addColumn('bytes', t.bytes, (c) => c.notNull())
      .addPrimaryKeyConstraint('message_attachments_pk', ['message_pk', 'position']),

    schema
      .createTable('message_recipients')
      .addColumn('message_pk', t.pk, (c) => c.notNull().references('messages.pk').onDelete('cascade'))
      .addColumn('position', t.integer, (c) => c.notNull())
      .addColumn('kind', t.text, (c) => c.notNull())
      .addColumn('address', t.key, (c) => c.notNull())
      .addColumn('state', t.key, (c) => c.notNull())
      .addColumn('attempts', t.integer, (c) => c.notNull())
      .addColumn('stage', t.text)
      .addColumn('code', t.integer)
      .addColumn('enhanced', t.text)
      .addColumn('reply', t.text)
      .addColumn('verdict', t.text)
      .addColumn('updated_at', t.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('message_recipients_pk', ['message_pk', 'position']),
    schema.createIndex('message_recipients_address').on('message_recipients').columns(['address', 'message_pk']),

    schema
      .createTable('message_events')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull())
      .addColumn('message_pk', t.pk, (c) => c.notNull().references('messages.pk').onDelete('cascade'))
      .addColumn('type', t.key, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('attempt', t.integer, (c) => c.notNull())
      .addColumn('detail', t.text, (c) => c.notNull())
      .addColumn('seq', t.bigint),
    schema.createIndex('message_events_message').on('message_events').columns(['message_pk', 'pk']),
    schema.createIndex('message_events_seq').on('message_events').columns(['tenant_id', 'seq']).unique(),
    // What the sequencer has not numbered yet.
    schema
      .createIndex('message_events_fresh')
      .on('message_events')
      .columns(['tenant_id', 'pk'])
      .where(sql.ref('seq'), 'is', null),

    schema
      .createTable('report_cursors')
      .addColumn('tenant_id', t.key, (c) => c.primaryKey().references('tenants.id').onDelete('cascade'))
      .addColumn('last_seq', t.bigint, (c) => c.notNull())
      .addColumn('acked_seq', t.bigint, (c) => c.notNull())
      .addColumn('last_sync_at', t.bigint)
      .addColumn('next_sync_after', t.bigint)
      .addColumn('failures', t.integer, (c) => c.notNull())
      .addColumn('next_attempt_at', t.bigint, (c) => c.notNull())
      .addColumn('last_error', t.text),

    schema
      .createTable('command_log')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addColumn('operation', t.key, (c) => c.notNull())
      .addColumn('tenant_id', t.key)
      .addColumn('principal', t.text, (c) => c.notNull())
      .addColumn('origin', t.text, (c) => c.notNull())
      .addColumn('input', t.text, (c) => c.notNull())
      .addColumn('outcome', t.text, (c) => c.notNull()),
    schema.createIndex('command_log_tenant').on('command_log').columns(['tenant_id', 'pk']),
  ],
};
