// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration, SealedColumn } from '@mail-proxy/core';

/** What is awaited, what came, and how a tenant wants that. */
export const receiptsMigration: Migration = {
  number: 2,
  name: 'receipts',
  minReader: 1,
  up: (schema, t) => [
    schema
      .createTable('pec_settings')
      .addColumn('tenant_id', t.key, (c) => c.primaryKey().references('tenants.id').onDelete('cascade'))
      .addColumn('trust_anchors', t.text)
      .addColumn('unverified_receipts', t.key)
      .addColumn('acceptance_timeout_minutes', t.integer, (c) => c.notNull())
      .addColumn('delivery_notice_hours', t.integer, (c) => c.notNull())
      .addColumn('delivery_timeout_hours', t.integer, (c) => c.notNull())
      .addColumn('keep_days', t.integer, (c) => c.notNull())
      .addColumn('updated_at', t.bigint, (c) => c.notNull()),
    schema
      .createTable('pec_messages')
      .addColumn('message_pk', t.pk, (c) => c.primaryKey().references('messages.pk').onDelete('cascade'))
      .addColumn('tenant_id', t.key, (c) => c.notNull())
      .addColumn('account_pk', t.pk, (c) => c.notNull())
      .addColumn('reference', t.key, (c) => c.notNull())
      .addColumn('sender', t.text, (c) => c.notNull())
      .addColumn('is_open', t.integer, (c) => c.notNull())
      .addColumn('taken_at', t.bigint)
      .addColumn('accepted_at', t.bigint)
      .addColumn('refused_at', t.bigint)
      .addColumn('due_at', t.bigint)
      .addColumn('timed_out_at', t.bigint),
    schema.createIndex('pec_messages_reference').on('pec_messages').columns(['reference', 'sender']),
    schema.createIndex('pec_messages_open').on('pec_messages').columns(['is_open', 'message_pk']),
    schema.createIndex('pec_messages_due').on('pec_messages').columns(['due_at']),
    schema
      .createTable('pec_recipients')
      .addColumn('message_pk', t.pk, (c) => c.notNull().references('pec_messages.message_pk').onDelete('cascade'))
      .addColumn('position', t.integer, (c) => c.notNull())
      .addColumn('address', t.key, (c) => c.notNull())
      .addColumn('state', t.key, (c) => c.notNull())
      .addColumn('said_at', t.bigint)
      .addColumn('reason', t.text)
      .addColumn('receipt_pk', t.pk)
      .addColumn('awaits', t.key)
      .addColumn('due_at', t.bigint)
      .addColumn('give_up_at', t.bigint)
      .addColumn('timed_out_at', t.bigint)
      .addPrimaryKeyConstraint('pec_recipients_pk', ['message_pk', 'position']),
    schema.createIndex('pec_recipients_state').on('pec_recipients').columns(['state', 'message_pk', 'position']),
    schema.createIndex('pec_recipients_due').on('pec_recipients').columns(['due_at']),
    schema
      .createTable('pec_receipts')
      .addColumn('pk', t.pk, (c) => c.primaryKey())
      .addColumn('tenant_id', t.key, (c) => c.references('tenants.id').onDelete('cascade'))
      .addColumn('account_pk', t.pk)
      .addColumn('scope', t.key, (c) => c.notNull())
      .addColumn('hash', t.key, (c) => c.notNull())
      .addColumn('state', t.key, (c) => c.notNull())
      .addColumn('why', t.key)
      .addColumn('type', t.key)
      .addColumn('error', t.key)
      .addColumn('error_detail', t.text)
      .addColumn('status', t.text)
      .addColumn('reference', t.text)
      .addColumn('recipient', t.text)
      .addColumn('addresses', t.text, (c) => c.notNull())
      .addColumn('form', t.key)
      .addColumn('identifier', t.text)
      .addColumn('provider', t.text)
      .addColumn('issued_at', t.bigint)
      .addColumn('is_verified', t.integer, (c) => c.notNull())
      .addColumn('unverified_reason', t.key)
      .addColumn('signer', t.text)
      .addColumn('signer_fingerprint', t.key)
      .addColumn('message_pk', t.pk)
      .addColumn('message_id', t.key)
      .addColumn('size_bytes', t.bigint, (c) => c.notNull())
      .addColumn('is_truncated', t.integer, (c) => c.notNull())
      .addColumn('received_at', t.bigint, (c) => c.notNull()),
    schema.createIndex('pec_receipts_once').on('pec_receipts').columns(['scope', 'hash']).unique(),
    schema.createIndex('pec_receipts_tenant').on('pec_receipts').columns(['tenant_id', 'pk']),
    schema.createIndex('pec_receipts_message').on('pec_receipts').columns(['message_id', 'pk']),
    // What is too old is found without reading what stays.
    schema.createIndex('pec_receipts_received').on('pec_receipts').columns(['tenant_id', 'received_at']),
    schema.createIndex('pec_receipts_state').on('pec_receipts').columns(['state', 'received_at']),
    schema
      .createTable('pec_receipt_chunks')
      .addColumn('receipt_pk', t.pk, (c) => c.notNull().references('pec_receipts.pk').onDelete('cascade'))
      .addColumn('position', t.integer, (c) => c.notNull())
      .addColumn('bytes', t.bytes, (c) => c.notNull())
      .addColumn('sealed_as', t.key)
      .addPrimaryKeyConstraint('pec_receipt_chunks_pk', ['receipt_pk', 'position']),
    // What is sealed is found without reading the bytes.
    schema
      .createIndex('pec_receipt_chunks_sealed')
      .on('pec_receipt_chunks')
      .columns(['receipt_pk', 'position', 'sealed_as']),
  ],
};

/** Sealed where messages are. */
export const pecSealedColumns: readonly SealedColumn[] = [
  { table: 'pec_receipt_chunks', column: 'bytes', key: ['receipt_pk', 'position'], pageRows: 8, sealedAs: 'sealed_as' },
];
