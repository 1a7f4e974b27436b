// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { prepareRaw, rawStatement } from '../database/raw.ts';

/** A message that was not final when the copy was made: the server that went on may have sent it since. */
export interface MayRepeat {
  readonly pk: string;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly state: string;
  /** Milliseconds. */
  readonly createdAt: number;
  /** How it ended since, where the database that was replaced knows; null where that does not say. */
  readonly sinceThen: string | null;
}

/** What the database that was replaced says of the time since the copy. */
export interface SinceThen {
  /** Of those that may be sent again: how many it knows as done with. */
  readonly finished: number;
  /** Accepted after the copy was made: they are in the replaced database alone. */
  readonly acceptedLater: number;
}

export interface FoundRepeats {
  /** The oldest first, at most {@link MAX_LISTED}. */
  readonly items: readonly MayRepeat[];
  readonly hasMore: boolean;
  /** Null where no replaced database could be read. */
  readonly sinceThen: SinceThen | null;
}

/** Messages of which each is told. */
export const MAX_LISTED = 10_000;
const AT_ONCE = 500;

interface WaitingRow extends Omit<MayRepeat, 'sinceThen' | 'tenantId' | 'accountId' | 'createdAt'> {
  readonly tenant_id: string;
  readonly account_id: string;
  readonly created_at: number;
}

/**
 * Find what a restored database would send, and what the one that it replaces says of it.
 *
 * @param replaced - null where there is none
 */
export async function findRepeats(
  restored: Database<unknown>,
  replaced: Database<unknown> | null,
): Promise<FoundRepeats> {
  const items: MayRepeat[] = [];
  let finished = 0;
  let total = 0;
  for await (const rows of waitingRows(restored)) {
    const ends = replaced === null ? null : await endsOf(replaced, rows);
    finished += ends?.size ?? 0;
    total += rows.length;
    for (const { tenant_id, account_id, created_at, ...row } of rows.slice(0, MAX_LISTED - items.length)) {
      const named = { tenantId: tenant_id, accountId: account_id, createdAt: created_at };
      items.push({ ...row, ...named, sinceThen: ends?.get(row.pk) ?? null });
    }
  }
  const sinceThen = replaced === null ? null : { finished, acceptedLater: await acceptedLater(restored, replaced) };
  return { items, hasMore: total > items.length, sinceThen };
}

async function* waitingRows(db: Database<unknown>): AsyncGenerator<readonly WaitingRow[]> {
  const page = prepareRaw<{ after: string }, WaitingRow>(
    db,
    (p) => sql`select m.pk, m.id, m.tenant_id, a.id as account_id, m.state, m.created_at
      from messages m join accounts a on a.pk = m.account_pk
      where m.state <> 'final' and m.pk > ${p.after} order by m.pk limit ${sql.lit(AT_ONCE)}`,
  );
  for (let after = ''; ; ) {
    const rows = await db.read(page.bind({ after }));
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)?.pk ?? after;
  }
}

/** Those that are final there, and those that were removed there since. */
async function endsOf(replaced: Database<unknown>, rows: readonly WaitingRow[]): Promise<ReadonlyMap<string, string>> {
  const pks = sql.join(rows.map(({ pk }) => sql.lit(pk)));
  const query = sql<{ readonly pk: string; readonly state: string; readonly result: string | null }>`
    select pk, state, result from messages where pk in (${pks})`;
  const known = new Map((await replaced.read(rawStatement(replaced, query))).map((row) => [row.pk, row]));
  return new Map(
    rows.flatMap(({ pk }) => {
      const row = known.get(pk);
      if (row === undefined) return [[pk, 'removed'] as const];
      return row.state === 'final' ? [[pk, row.result ?? 'final'] as const] : [];
    }),
  );
}

/** Primary keys rise with time. */
async function acceptedLater(restored: Database<unknown>, replaced: Database<unknown>): Promise<number> {
  const newest = sql<{ readonly pk: string | null }>`select max(pk) as pk from messages`;
  const [row] = await restored.read(rawStatement(restored, newest));
  const count = prepareRaw<{ pk: string }, { readonly count: number }>(
    replaced,
    (p) => sql`select count(*) as count from messages where pk > ${p.pk}`,
  );
  const [later] = await replaced.read(count.bind({ pk: row?.pk ?? '' }));
  return later?.count ?? 0;
}
