// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The way from a message to what sandboxes captured of it, which goes when it goes. */
export const capturedOfMessages: Migration = {
  number: 17,
  name: 'captured-of-messages',
  minReader: 4,
  up: (schema, _t, compiler) => [
    schema.createIndex('captured_mails_message_pk').on('captured_mails').columns(['message_pk']),
    {
      // Of messages that were removed before.
      compile: () =>
        sql`delete from ${sql.table('captured_mails')} where not exists (
          select 1 from ${sql.table('messages')} m where m.pk = captured_mails.message_pk)`.compile(compiler),
    },
  ],
};
