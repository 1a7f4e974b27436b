// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mixin } from '@mail-proxy/core';

export const largeAttachmentsMigrations: NonNullable<Mixin['migrations']> = [
  {
    number: 1,
    name: 'large-files',
    minReader: 1,
    up: (schema, t) => [
      schema
        .createTable('large_file_settings')
        .addColumn('tenant_id', t.key, (c) => c.primaryKey().references('tenants.id').onDelete('cascade'))
        .addColumn('settings', t.text, (c) => c.notNull())
        .addColumn('updated_at', t.bigint, (c) => c.notNull()),
      schema
        .createTable('large_files')
        .addColumn('pk', t.pk, (c) => c.primaryKey())
        .addColumn('tenant_id', t.key, (c) => c.notNull())
        .addColumn('storage_url', t.key, (c) => c.notNull())
        .addColumn('content_hash', t.key)
        .addColumn('object_key', t.key, (c) => c.notNull())
        .addColumn('size_bytes', t.bigint, (c) => c.notNull())
        .addColumn('state', t.key, (c) => c.notNull())
        .addColumn('created_at', t.bigint, (c) => c.notNull())
        .addColumn('used_at', t.bigint, (c) => c.notNull()),
      schema
        .createIndex('large_files_content')
        .on('large_files')
        .columns(['tenant_id', 'storage_url', 'content_hash'])
        .unique(),
      schema.createIndex('large_files_state').on('large_files').columns(['state', 'used_at']),
      schema
        .createTable('large_links')
        .addColumn('pk', t.pk, (c) => c.primaryKey())
        .addColumn('tenant_id', t.key, (c) => c.notNull())
        .addColumn('message_pk', t.pk, (c) => c.notNull())
        .addColumn('message_id', t.key, (c) => c.notNull())
        .addColumn('position', t.integer, (c) => c.notNull())
        .addColumn('file_pk', t.pk, (c) => c.notNull())
        .addColumn('filename', t.text, (c) => c.notNull())
        .addColumn('mime_type', t.text, (c) => c.notNull())
        .addColumn('size_bytes', t.bigint, (c) => c.notNull())
        .addColumn('url_kind', t.key, (c) => c.notNull())
        .addColumn('created_at', t.bigint, (c) => c.notNull())
        .addColumn('expires_at', t.bigint, (c) => c.notNull())
        .addColumn('revoked_at', t.bigint)
        .addColumn('downloads', t.integer, (c) => c.notNull())
        .addColumn('first_downloaded_at', t.bigint)
        .addColumn('last_downloaded_at', t.bigint),
      schema.createIndex('large_links_once').on('large_links').columns(['message_pk', 'position', 'file_pk']).unique(),
      schema.createIndex('large_links_tenant').on('large_links').columns(['tenant_id', 'pk']),
      schema.createIndex('large_links_file').on('large_links').columns(['file_pk', 'expires_at']),
      schema.createIndex('large_links_expires').on('large_links').columns(['expires_at']),
      schema.createIndex('large_links_message').on('large_links').columns(['tenant_id', 'message_id', 'pk']),
    ],
  },
];
