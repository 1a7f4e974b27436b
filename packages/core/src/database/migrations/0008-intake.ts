// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What is taken once, how much of it may wait, and how long it is kept. */
export const intake: Migration = {
  number: 8,
  name: 'intake',
  minReader: 4,
  up: (schema, t, compiler) => [
    schema.alterTable('tenants').addColumn('retention', t.text),
    schema.alterTable('tenants').addColumn('max_pending', t.bigint),
    schema.alterTable('tenants').addColumn('max_bytes', t.bigint),
    schema.alterTable('instance').addColumn('retention_ran_at', t.bigint),
    schema.alterTable('instance').addColumn('retention_deleted', t.text),

    schema.alterTable('messages').addColumn('size_bytes', t.bigint, (c) => c.notNull().defaultTo(0)),
    schema.alterTable('messages').addColumn('content_removed', t.integer, (c) => c.notNull().defaultTo(0)),
    {
      compile: () =>
        sql`update ${sql.table('messages')} set size_bytes =
          coalesce((select octet_length(c.content) from ${sql.table('message_contents')} c where c.message_pk = messages.pk), 0)
          + coalesce((select sum(f.size_bytes) from ${sql.table('message_attachments')} a
            join ${sql.table('attachment_contents')} f on f.tenant_id = a.tenant_id and f.hash = a.content_hash
            where a.message_pk = messages.pk), 0)
          where state <> 'final'`.compile(compiler),
    },
    // With the size, so that what waits is counted and summed in the index alone.
    schema.dropIndex('messages_waiting'),
    schema
      .createIndex('messages_waiting')
      .on('messages')
      .columns(['account_pk', 'size_bytes'])
      .where(sql.ref('state'), '<>', sql.lit('final')),
    // All messages of an account, so that its deletion looks at none of others; and what retention removes, by its end.
    schema.createIndex('messages_account').on('messages').columns(['account_pk', 'content_removed', 'final_at']),

    schema
      .createTable('idempotency_keys')
      .addColumn('tenant_id', t.key, (c) => c.notNull())
      .addColumn('key', t.key, (c) => c.notNull())
      .addColumn('request_hash', t.key, (c) => c.notNull())
      .addColumn('owner', t.pk, (c) => c.notNull())
      .addColumn('plan', t.text, (c) => c.notNull())
      .addColumn('outcome', t.text)
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('expires_at', t.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('idempotency_keys_pk', ['tenant_id', 'key']),
    schema.createIndex('idempotency_keys_expiring').on('idempotency_keys').columns(['expires_at']),

    // What became of messages that are gone, by the client's id.
    schema
      .createTable('message_ends')
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('id', t.key, (c) => c.notNull())
      .addColumn('message_pk', t.pk, (c) => c.notNull())
      .addColumn('result', t.key, (c) => c.notNull())
      .addColumn('final_at', t.bigint, (c) => c.notNull())
      .addColumn('written_at', t.bigint, (c) => c.notNull())
      .addColumn('forget_at', t.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('message_ends_pk', ['tenant_id', 'id']),
    schema.createIndex('message_ends_forgotten').on('message_ends').columns(['forget_at']),
  ],
};
