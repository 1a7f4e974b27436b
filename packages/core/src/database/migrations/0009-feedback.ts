// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What others said of a message after a relay took it, and the way from a Message-ID to its message. */
export const feedback: Migration = {
  number: 9,
  name: 'feedback',
  minReader: 4,
  up: (schema, t) => [
    schema
      .createTable('message_feedback')
      .addColumn('message_pk', t.pk, (c) => c.notNull().references('messages.pk').onDelete('cascade'))
      .addColumn('key', t.key, (c) => c.notNull())
      .addColumn('event_pk', t.pk, (c) => c.notNull())
      .addColumn('type', t.key, (c) => c.notNull())
      .addColumn('address', t.text)
      .addColumn('bounce_type', t.key)
      .addColumn('code', t.text)
      .addColumn('reason', t.text)
      .addColumn('at', t.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('message_feedback_pk', ['message_pk', 'key']),
    // A Message-ID of ours names its message by itself; in here are those that clients chose only.
    schema
      .createIndex('messages_given_message_id')
      .on('messages')
      .columns(['message_id'])
      .where(sql`substr(message_id, 2, length(pk))`, '<>', sql.ref('pk')),
  ],
};
