// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../packages/core/src/database/database.ts';
import { openDatabase } from '../../packages/core/src/database/open.ts';
import type { CoreSchema } from '../../packages/core/src/entities/schema.ts';

export interface Backlog {
  /** Of a message that is stored and not sent: all others are copies of it. */
  readonly template: string;
  /** They are numbered from `PREFIX-1`. */
  readonly prefix: string;
  readonly count: number;
}

const COPIED = ['tenant_id', 'account_pk', 'priority', 'attempts', 'expires_at', 'on_in_doubt', 'units', 'unfetched'];
const ALSO_COPIED = ['size_bytes', 'created_at', 'updated_at'];

/** Copies of one statement: a million contents take longer than a statement may. */
const AT_ONCE = 20_000;

/**
 * Fill the queue of a database that no server uses with copies of a message, contents and recipients included, and put
 * their account to rest until somebody resumes it.
 */
export async function seedBacklog(address: string, { template, prefix, count }: Backlog): Promise<void> {
  await using opened = await openDatabase(address);
  const database = opened.withTables<CoreSchema>();
  for (let from = 1; from <= count; from += AT_ONCE) {
    await copy(database, { template, prefix, from, to: Math.min(count, from + AT_ONCE - 1) });
  }
  await run(
    database,
    sql`insert into account_pauses (account_pk, since, until_at, failures, reason)
      select m.account_pk, m.created_at, 4000000000000, 1, ${sql.lit(JSON.stringify(REASON))}
      from messages m where m.id = ${sql.lit(template)}`,
  );
  // As a queue that has grown over hours is: gigabytes that are still on their way to the disk would be measured else.
  // PostgreSQL gathers statistics by itself, SQLite has none unless somebody asks for them.
  if (/^postgres/.test(address)) {
    await run(database, sql`analyze`);
    await run(database, sql`checkpoint`);
  }
  await flushDisk();
}

/** Where there is no `sync`, they go their way. */
async function flushDisk(): Promise<void> {
  await promisify(execFile)('sync').catch(() => undefined);
}

interface Copies extends Omit<Backlog, 'count'> {
  readonly from: number;
  readonly to: number;
}

async function copy(database: Database<CoreSchema>, { template, prefix, from, to }: Copies): Promise<void> {
  const columns = sql.join([...COPIED, ...ALSO_COPIED].map((name) => sql.ref(name)));
  const copied = sql.join([...COPIED, ...ALSO_COPIED].map((name) => sql.ref(`m.${name}`)));
  const numbers = sql`with recursive numbers (n) as (
    select cast(${sql.lit(from)} as integer) union all select n + 1 from numbers where n < ${sql.lit(to)}
  )`;
  // In the order of their numbers.
  const pk = sql`'copy-' || cast(1000000000 + n as text)`;
  const id = sql`${sql.lit(`${prefix}-`)} || cast(n as text)`;
  const isTemplate = sql`m.id = ${sql.lit(template)}`;
  await run(
    database,
    sql`insert into messages (pk, id, state, eligible_at, rank, message_id, ${columns}) ${numbers}
      select ${pk}, ${id}, 'ready', m.created_at, m.created_at + n, '<' || ${id} || '@bench.invalid>', ${copied}
      from numbers cross join messages m where ${isTemplate}`,
    sql`insert into message_contents (message_pk, content) ${numbers}
      select ${pk}, c.content
      from numbers cross join messages m join message_contents c on c.message_pk = m.pk where ${isTemplate}`,
    sql`insert into message_recipients (message_pk, position, kind, address, state, attempts, updated_at) ${numbers}
      select ${pk}, r.position, r.kind, r.address, r.state, r.attempts, r.updated_at
      from numbers cross join messages m join message_recipients r on r.message_pk = m.pk where ${isTemplate}`,
  );
}

const REASON = { stage: 'connect', code: null, enhanced: null, reply: 'the bench has not begun' };

async function run(database: Database<CoreSchema>, ...statements: readonly RawBuilder<unknown>[]): Promise<void> {
  for (const statement of statements) {
    await database.write([database.prepare<object>((k) => ({ compile: () => statement.compile(k) })).bind({})]);
  }
}
