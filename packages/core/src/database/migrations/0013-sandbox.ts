// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Accounts whose mail is kept here instead of being sent, and what was kept. */
export const sandbox: Migration = {
  number: 13,
  name: 'sandbox',
  // Older code goes on: it takes a sandbox for a relay that cannot be found, so that its mail waits.
  minReader: 4,
  up: (schema, t) => [
    schema.alterTable('accounts').addColumn('type', t.key, (c) => c.notNull().defaultTo('smtp')),
    schema
      .createTable('captured_mails')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.notNull().references('tenants.id').onDelete('cascade'))
      .addColumn('account_pk', t.pk, (c) => c.notNull().references('accounts.pk').onDelete('cascade'))
      .addColumn('message_pk', t.pk, (c) => c.notNull())
      .addColumn('message_id', t.key, (c) => c.notNull())
      .addColumn('attempt', t.integer, (c) => c.notNull())
      .addColumn('mail_from', t.key, (c) => c.notNull())
      .addColumn('size_bytes', t.bigint, (c) => c.notNull())
      .addColumn('captured_at', t.bigint, (c) => c.notNull())
      .addColumn('summary', t.text, (c) => c.notNull()),
    schema.createIndex('captured_mails_listed').on('captured_mails').columns(['tenant_id', 'pk']),
    schema.createIndex('captured_mails_of_account').on('captured_mails').columns(['account_pk']),
    schema.createIndex('captured_mails_of_message').on('captured_mails').columns(['message_id', 'pk']),
    schema.createIndex('captured_mails_oldest').on('captured_mails').columns(['captured_at']),
    schema
      .createTable('captured_recipients')
      .addColumn('mail_pk', t.pk, (c) => c.notNull().references('captured_mails.pk').onDelete('cascade'))
      .addColumn('position', t.integer, (c) => c.notNull())
      .addColumn('address', t.key, (c) => c.notNull())
      .addPrimaryKeyConstraint('captured_recipients_pk', ['mail_pk', 'position']),
    schema.createIndex('captured_recipients_address').on('captured_recipients').columns(['address', 'mail_pk']),
    schema
      .createTable('captured_contents')
      .addColumn('mail_pk', t.pk, (c) => c.primaryKey().references('captured_mails.pk').onDelete('cascade'))
      .addColumn('sealed_as', t.key)
      .addColumn('bytes', t.bytes, (c) => c.notNull()),
    schema
      .createIndex('captured_contents_sealed')
      .on('captured_contents')
      .columns(['mail_pk'])
      .where(sql.ref('sealed_as'), 'is not', null),
  ],
};
