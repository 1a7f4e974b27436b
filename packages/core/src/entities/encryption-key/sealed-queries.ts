// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { prepareRaw } from '../../database/raw.ts';
import type { SqlValue, Statement } from '../../database/statement.ts';
import type { SealedColumn } from '../../secrets/sealed-columns.ts';
import type { Sealer } from '../../secrets/sealer.ts';

/** Values of one key of a table, in the order of its columns. */
export type RowKey = readonly SqlValue[];

/** How many values of a column stand under which key; `null` for those that are not sealed. */
export type KeyCounts = ReadonlyMap<string | null, number>;

export interface SealedRow {
  readonly key: RowKey;
  /** Text, or bytes with what their row says of their key. */
  readonly sealed: string;
  readonly bytes?: Uint8Array;
}

export interface SealedPage {
  readonly stale: readonly SealedRow[];
  /** The last row that was looked at; null where there are no more. */
  readonly last: RowKey | null;
}

/** What is asked of one sealed column, whatever table it is in. */
export interface SealedQueries {
  /** Count the values, page by page so that no reader waits for long. */
  counts(): Promise<KeyCounts>;
  /** Look at some rows after one, in the order of their keys: which values did another key than `keyId` seal? */
  page(keyId: string, after: RowKey | null): Promise<SealedPage>;
  /**
   * Seal a value anew; where another one stands by then, nothing is done.
   *
   * @throws {MailProxyError} `sealed_with_unknown_key`
   */
  reseal(row: SealedRow, sealer: Sealer): Statement;
}

/** Rows of a page that is only counted: some milliseconds. */
export const COUNTED = 2_000;
/** Rows of a page whose stale values are read. */
const PAGE = 500;

const FORM = 'sealed:v1:';

/** The fields of a key among other input. */
export const keyField = (at: number): string => `key_${at}`;
export type Input = Readonly<Record<string, SqlValue>>;

export function prepareSealedQueries(
  db: Database<unknown>,
  { table, column, key, pageRows = PAGE }: SealedColumn,
): SealedQueries {
  const ref = sql.ref(column);
  const keys = key.map((name): Expression<unknown> => sql.ref(name));
  const selected = sql.join(key.map((name, at) => sql`${sql.ref(name)} as ${sql.ref(keyField(at))}`));
  const order = sql.join(keys);
  const next = (input: Input) => sql`(${order}) > (${sql.join(key.map((_, at) => input[keyField(at)]))})`;
  // Never the beginning of what is not sealed: that is a secret in clear.
  const sealedBy = sql`case when ${ref} like ${sql.lit(`${FORM}%`)} then substr(${ref}, ${sql.lit(FORM.length + 1)}, 8) end`;

  const counted = both(
    db,
    (input, isFirst) => sql<Input>`
    select ${selected}, ${sealedBy} as key_id from ${sql.table(table)}
    where ${ref} is not null ${isFirst ? sql`` : sql`and ${next(input)}`}
    order by ${order} limit ${sql.lit(COUNTED)}`,
  );
  // A page is so many rows that are looked at, few of which may be stale: no query goes through a whole table.
  const page = both(
    db,
    (input, isFirst) => sql<Input>`
    select ${selected}, case when ${sealedBy} <> ${input['keep']} then ${ref} end as sealed from ${sql.table(table)}
    where ${ref} is not null ${isFirst ? sql`` : sql`and ${next(input)}`}
    order by ${order} limit ${sql.lit(pageRows)}`,
  );
  const swap = prepareRaw<Input>(
    db,
    (input) => sql`
    update ${sql.table(table)} set ${ref} = ${input['after']}
    where (${order}) = (${sql.join(key.map((_, at) => input[keyField(at)]))}) and ${ref} = ${input['before']}`,
  );

  const keyOf = (row: Input): RowKey => key.map((_, at) => row[keyField(at)] ?? null);
  return {
    async counts() {
      const counts = new Map<string | null, number>();
      for (let after: RowKey | null = null; ; ) {
        const rows: readonly Input[] = await db.read(counted(after, {}));
        for (const { key_id } of rows) {
          const id = typeof key_id === 'string' ? key_id : null;
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        const last = rows.at(-1);
        if (last === undefined || rows.length < COUNTED) return counts;
        after = keyOf(last);
      }
    },
    async page(keyId, after) {
      const rows: readonly Input[] = await db.read(page(after, { keep: keyId }));
      const last = rows.at(-1);
      return {
        stale: rows.flatMap((row) =>
          typeof row['sealed'] === 'string' ? [{ key: keyOf(row), sealed: row['sealed'] }] : [],
        ),
        last: last === undefined || rows.length < pageRows ? null : keyOf(last),
      };
    },
    reseal({ key: rowKey, sealed }, sealer) {
      const place = { table, column, row: rowKey.join(':') };
      const after = sealer.seal(sealer.open(sealed, place), place);
      return swap.bind({ ...keyInput(rowKey), before: sealed, after });
    },
  };
}

export function keyInput(key: RowKey): Input {
  return Object.fromEntries(key.map((value, at) => [keyField(at), value]));
}

/** The first page of a table, and those after a row. */
export function both(
  db: Database<unknown>,
  page: (input: Input, isFirst: boolean) => ReturnType<typeof sql<Input>>,
): (after: RowKey | null, input: Input) => Statement<Input> {
  const first = prepareRaw<Input, Input>(db, (input) => page(input, true));
  const next = prepareRaw<Input, Input>(db, (input) => page(input, false));
  return (after, input) => (after === null ? first.bind(input) : next.bind({ ...input, ...keyInput(after) }));
}
