// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The way from a recipient's domain to its messages, the newest first. */
export const recipientDomains: Migration = {
  number: 14,
  name: 'recipient-domains',
  minReader: 4,
  up: (_schema, _t, compiler) => [
    {
      // What stands behind the last @, as entities/message/recipient-domain.ts asks for it.
      compile: () =>
        sql`create index message_recipients_domain on ${sql.table('message_recipients')}
          ((lower(replace(address, rtrim(address, replace(address, '@', '')), ''))), message_pk)`.compile(compiler),
    },
  ],
};
