// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../src/database/database.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';

/** Rows in one statement. */
const CHUNK = 500;
const ACCOUNT = '01900000-0000-7000-9000-000000000000';

/** Make the database of the first version there was, with mail of that time that waits and will do so for a year. */
export async function makeOldDatabase(url: string, messages: number): Promise<void> {
  await using database = await openDatabase<unknown>(url);
  await migrate(database, [{ ...CORE_MIGRATIONS, migrations: CORE_MIGRATIONS.migrations.slice(0, 1) }], 1);
  const later = Date.now() + 365 * 86_400_000;
  await write(database, [
    `insert into tenants (id, created_at, updated_at) values ('default', 1, 1)`,
    `insert into accounts (pk, tenant_id, id, host, port, tls, tls_insecure, is_default, max_connections,
       max_messages_per_connection, version, created_at, updated_at)
     values ('${ACCOUNT}', 'default', 'main', '127.0.0.1', 1, 'none', 0, 0, 5, 100, 1, 1, 1)`,
  ]);
  for (let from = 0; from < messages; from += CHUNK) {
    const pks = Array.from({ length: Math.min(CHUNK, messages - from) }, (_, n) => pkOf(from + n));
    const rowsOf = (row: (pk: string, n: number) => string): string =>
      pks.map((pk, n) => `(${row(`'${pk}'`, from + n)})`).join(', ');
    await write(database, [
      `insert into messages (pk, tenant_id, id, account_pk, state, priority, eligible_at, rank, attempts, message_id,
         created_at, updated_at)
       values ${rowsOf((pk, n) => `${pk}, 'default', 'm-${n}', '${ACCOUNT}', 'deferred', 2, ${later}, 1, 1, '<${n}@a.test>', 1, 1`)}`,
      `insert into message_contents (message_pk, content) values ${rowsOf((pk, n) => `${pk}, '{"text":"${n}"}'`)}`,
      `insert into message_recipients (message_pk, position, kind, address, state, attempts, updated_at)
       values ${rowsOf((pk, n) => `${pk}, 0, 'to', '${n}@example.org', 'pending', 1, 1`)}`,
    ]);
  }
}

/** What is there of that mail once the database is of this version, and which steps were applied. */
export async function lookAtUpgraded(url: string) {
  await using database = await openDatabase<unknown>(url);
  const one = async (query: string): Promise<number> => {
    const [row] = await database.read(rawStatement(database, sql.raw<{ count: number }>(query)));
    return Number(row?.count);
  };
  const steps = await database.read(
    rawStatement(database, sql.raw<{ number: number }>('select number from schema_migrations order by number')),
  );
  return {
    steps: steps.map(({ number }) => number),
    messages: await one(
      `select count(*) as count from messages m join message_contents c on c.message_pk = m.pk
       join message_recipients r on r.message_pk = m.pk
       where m.state = 'deferred' and m.attempts = 1 and c.content = '{"text":"' || substr(m.id, 3) || '"}'`,
    ),
    // Filled by a step, from the contents.
    sized: await one(
      `select count(*) as count from messages m join message_contents c on c.message_pk = m.pk
       where m.size_bytes = length(c.content)`,
    ),
  };
}

async function write(database: Database<unknown>, statements: readonly string[]): Promise<void> {
  await database.write(statements.map((statement) => rawStatement(database, sql.raw(statement))));
}

function pkOf(n: number): string {
  return `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}
