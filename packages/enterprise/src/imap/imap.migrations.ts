// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { listSealedColumns, type Migration } from '@mail-proxy/core';
import type { ImapTables } from './mailbox/mailbox.table.ts';

const mailboxes: Migration = {
  number: 1,
  name: 'mailboxes',
  minReader: 1,
  up: (schema, t) => [
    schema
      .createTable('imap_mailboxes')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.references('tenants.id').onDelete('cascade'))
      .addColumn('account_pk', t.pk, (c) => c.references('accounts.pk').onDelete('cascade'))
      .addColumn('name', t.text, (c) => c.notNull())
      .addColumn('host', t.text, (c) => c.notNull())
      .addColumn('port', t.integer, (c) => c.notNull())
      .addColumn('tls', t.key, (c) => c.notNull())
      .addColumn('tls_ca', t.text)
      .addColumn('allow_cleartext', t.integer, (c) => c.notNull())
      .addColumn('username', t.text, (c) => c.notNull())
      .addColumn('password', t.text)
      .addColumn('oauth', t.text)
      .addColumn('folder', t.text, (c) => c.notNull())
      .addColumn('purposes', t.text, (c) => c.notNull())
      .addColumn('after_handling', t.key, (c) => c.notNull())
      .addColumn('move_to', t.text)
      .addColumn('poll_interval_s', t.integer, (c) => c.notNull())
      .addColumn('is_enabled', t.integer, (c) => c.notNull())
      .addColumn('version', t.integer, (c) => c.notNull())
      .addColumn('created_at', t.bigint, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull()),
    schema.createIndex('imap_mailboxes_tenant').on('imap_mailboxes').columns(['tenant_id', 'pk']),
    schema.createIndex('imap_mailboxes_account').on('imap_mailboxes').columns(['account_pk']),
    schema
      .createTable('imap_positions')
      .addColumn('mailbox_pk', t.pk, (c) => c.primaryKey().references('imap_mailboxes.pk').onDelete('cascade'))
      .addColumn('place', t.text)
      .addColumn('uidvalidity', t.bigint)
      .addColumn('last_uid', t.bigint, (c) => c.notNull())
      .addColumn('reread_below', t.bigint, (c) => c.notNull())
      .addColumn('forgotten_until', t.bigint, (c) => c.notNull())
      .addColumn('stuck_uid', t.bigint, (c) => c.notNull())
      .addColumn('stuck_tries', t.integer, (c) => c.notNull())
      .addColumn('is_reading', t.integer, (c) => c.notNull())
      .addColumn('condition', t.key, (c) => c.notNull())
      .addColumn('failures', t.integer, (c) => c.notNull())
      .addColumn('error', t.text)
      .addColumn('last_check_at', t.bigint)
      .addColumn('last_ok_at', t.bigint)
      .addColumn('next_check_at', t.bigint, (c) => c.notNull())
      .addColumn('asked_at', t.bigint, (c) => c.notNull())
      .addColumn('handled', t.bigint, (c) => c.notNull())
      .addColumn('ignored', t.bigint, (c) => c.notNull())
      .addColumn('repeated', t.bigint, (c) => c.notNull())
      .addColumn('pruned_at', t.bigint, (c) => c.notNull()),
    schema
      .createTable('imap_mails')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('mailbox_pk', t.pk, (c) => c.notNull().references('imap_mailboxes.pk').onDelete('cascade'))
      .addColumn('hash', t.key)
      .addColumn('uidvalidity', t.bigint, (c) => c.notNull())
      .addColumn('uid', t.bigint, (c) => c.notNull())
      .addColumn('message_id', t.key)
      .addColumn('received_at', t.bigint, (c) => c.notNull())
      .addColumn('size_bytes', t.bigint, (c) => c.notNull())
      .addColumn('state', t.key, (c) => c.notNull())
      .addColumn('attempts', t.integer, (c) => c.notNull())
      .addColumn('next_at', t.bigint)
      .addColumn('error', t.text)
      .addColumn('is_to_dispose', t.integer, (c) => c.notNull())
      .addColumn('at', t.bigint, (c) => c.notNull()),
    schema.createIndex('imap_mails_hash').on('imap_mails').columns(['mailbox_pk', 'hash']).unique(),
    schema.createIndex('imap_mails_message_id').on('imap_mails').columns(['mailbox_pk', 'message_id']),
    // What is to be done: few rows of many.
    schema.createIndex('imap_mails_state').on('imap_mails').columns(['mailbox_pk', 'state', 'pk']),
    schema.createIndex('imap_mails_to_dispose').on('imap_mails').columns(['mailbox_pk', 'is_to_dispose', 'uid']),
    schema.createIndex('imap_mails_at').on('imap_mails').columns(['mailbox_pk', 'at']),
  ],
};

/** The tables of this mixin. */
export const imapMigrations: readonly Migration[] = [mailboxes];

/** Those of their columns that hold secrets. */
export const imapSealedColumns = listSealedColumns<ImapTables>({
  'imap_mailboxes.password': ['pk'],
  'imap_mailboxes.oauth': ['pk'],
});
