// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * Whether a tenant named the host of a relay. Those that are there count as the operator's: they go on as they did. Older
 * instances leave the column out, so what one of them makes during a rolling upgrade is checked.
 */
export const checkedRelays: Migration = {
  number: 15,
  name: 'checked-relays',
  minReader: 4,
  up: (schema, t, compiler) => [
    schema.alterTable('accounts').addColumn('host_checked', t.integer, (c) => c.notNull().defaultTo(1)),
    {
      compile: () => sql`update ${sql.table('accounts')} set host_checked = 0`.compile(compiler),
    },
  ],
};
