// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Bytes of attachments apart from the messages that have them, and what is fetched before a message is sent. */
export const attachments: Migration = {
  number: 4,
  name: 'attachments',
  // Older code would send messages without the attachments that it does not find.
  minReader: 4,
  up: (schema, t, compiler) => {
    const run = (query: ReturnType<typeof sql>) => ({ compile: () => query.compile(compiler) });
    return [
      schema.alterTable('messages').addColumn('unfetched', t.integer, (c) => c.notNull().defaultTo(0)),
      schema.alterTable('messages').addColumn('fetch_attempts', t.integer, (c) => c.notNull().defaultTo(0)),
      // By tenant, so that each gets its turn however many wait.
      schema
        .createIndex('messages_preparing')
        .on('messages')
        .columns(['tenant_id', 'rank', 'pk'])
        .where(sql.ref('state'), '=', sql.lit('preparing')),
      schema
        .createIndex('messages_fetching')
        .on('messages')
        .columns(['owner_session'])
        .where(sql.ref('state'), '=', sql.lit('preparing')),

      schema.alterTable('tenants').addColumn('allow_private_networks', t.integer),
      schema.alterTable('tenants').addColumn('allowed_hosts', t.text),

      schema
        .createTable('attachment_contents')
        .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
        .addColumn('hash', t.key, (c) => c.notNull())
        .addColumn('size_bytes', t.bigint)
        .addColumn('used_at', t.bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint('attachment_contents_pk', ['tenant_id', 'hash']),
      schema.createIndex('attachment_contents_used').on('attachment_contents').columns(['used_at']),
      schema
        .createTable('attachment_chunks')
        .addColumn('tenant_id', t.key, (c) => c.notNull())
        .addColumn('hash', t.key, (c) => c.notNull())
        .addColumn('position', t.integer, (c) => c.notNull())
        .addColumn('bytes', t.bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint('attachment_chunks_pk', ['tenant_id', 'hash', 'position'])
        .addForeignKeyConstraint(
          'attachment_chunks_content',
          ['tenant_id', 'hash'],
          'attachment_contents',
          ['tenant_id', 'hash'],
          (c) => c.onDelete('cascade'),
        ),

      // SQLite can't drop a column that is not null and add others in its place, so the table is made anew.
      schema
        .createTable('message_attachments_2')
        .addColumn('message_pk', t.pk, (c) => c.notNull().references('messages.pk').onDelete('cascade'))
        .addColumn('position', t.integer, (c) => c.notNull())
        .addColumn('tenant_id', t.key, (c) => c.notNull())
        .addColumn('filename', t.text, (c) => c.notNull())
        .addColumn('mime_type', t.text, (c) => c.notNull())
        .addColumn('disposition', t.text, (c) => c.notNull())
        .addColumn('content_id', t.text)
        .addColumn('fetch_mode', t.text, (c) => c.notNull())
        .addColumn('storage_path', t.text)
        .addColumn('auth', t.text)
        .addColumn('md5', t.text)
        .addColumn('sha256', t.text)
        .addColumn('content_hash', t.key)
        .addPrimaryKeyConstraint('message_attachments_2_pk', ['message_pk', 'position'])
        // What a message has cannot be forgotten.
        .addForeignKeyConstraint('message_attachments_content', ['tenant_id', 'content_hash'], 'attachment_contents', [
          'tenant_id',
          'hash',
        ]),
      // No database knows SHA-256 everywhere, so what was stored before keeps a name of its own and is shared by nobody.
      run(sql`insert into ${sql.table('attachment_contents')} (tenant_id, hash, size_bytes, used_at)
        select m.tenant_id, a.message_pk || ':' || a.position, length(a.bytes), m.updated_at
        from ${sql.table('message_attachments')} a join ${sql.table('messages')} m on m.pk = a.message_pk`),
      run(sql`insert into ${sql.table('attachment_chunks')} (tenant_id, hash, position, bytes)
        select m.tenant_id, a.message_pk || ':' || a.position, 0, a.bytes
        from ${sql.table('message_attachments')} a join ${sql.table('messages')} m on m.pk = a.message_pk`),
      run(sql`insert into ${sql.table('message_attachments_2')}
        (message_pk, position, tenant_id, filename, mime_type, disposition, content_id, fetch_mode, content_hash)
        select a.message_pk, a.position, m.tenant_id, a.filename, a.mime_type, a.disposition, a.content_id, 'base64',
          a.message_pk || ':' || a.position
        from ${sql.table('message_attachments')} a join ${sql.table('messages')} m on m.pk = a.message_pk`),
      schema.dropTable('message_attachments'),
      schema.alterTable('message_attachments_2').renameTo('message_attachments'),
      schema
        .createIndex('message_attachments_content')
        .on('message_attachments')
        .columns(['tenant_id', 'content_hash']),
    ];
  },
};
