// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { prepareRaw } from '../../database/raw.ts';
import type { SealedColumn } from '../../secrets/sealed-columns.ts';
import { parseSealedAs } from '../message/content-sealer.ts';
import { both, COUNTED, type Input, keyField, keyInput, type RowKey, type SealedQueries } from './sealed-queries.ts';

/** Pieces of files in memory together, a quarter of a MiB each. */
const PAGE = 8;
const ID_DIGITS = 8;

/** The same of bytes, whose key stands in a column beside them; an index has those that are sealed. */
export function prepareChunkQueries(
  db: Database<unknown>,
  { table, column, key, pageRows = PAGE, sealedAs }: SealedColumn & { readonly sealedAs: string },
): SealedQueries {
  const [bytes, as] = [sql.ref(column), sql.ref(sealedAs)];
  const order = sql.join(key.map((name): Expression<unknown> => sql.ref(name)));
  const selected = sql.join(key.map((name, at) => sql`${sql.ref(name)} as ${sql.ref(keyField(at))}`));
  const after = (input: Input) => sql.join(key.map((_, at) => input[keyField(at)]));
  const keyId = sql`substr(${as}, 1, ${sql.lit(ID_DIGITS)})`;
  const counted = both(
    db,
    (input, isFirst) => sql<Input>`
    select ${selected}, ${keyId} as key_id from ${sql.table(table)}
    where ${as} is not null ${isFirst ? sql`` : sql`and (${order}) > (${after(input)})`}
    order by ${order} limit ${sql.lit(COUNTED)}`,
  );
  const page = both(
    db,
    (input, isFirst) => sql<Input>`
    select ${selected}, ${as} as sealed, ${bytes} as bytes from ${sql.table(table)}
    where ${as} is not null and ${keyId} <> ${input['keep']} ${isFirst ? sql`` : sql`and (${order}) > (${after(input)})`}
    order by ${order} limit ${sql.lit(pageRows)}`,
  );
  const swap = prepareRaw<Input>(
    db,
    (input) => sql`
    update ${sql.table(table)} set ${bytes} = ${input['bytes']}, ${as} = ${input['after']}
    where (${order}) = (${after(input)}) and ${as} = ${input['before']}`,
  );

  const keyOf = (row: Input): RowKey => key.map((_, at) => row[keyField(at)] ?? null);
  return {
    async counts() {
      const counts = new Map<string | null, number>();
      for (let from: RowKey | null = null; ; ) {
        const rows: readonly Input[] = await db.read(counted(from, {}));
        for (const { key_id } of rows) counts.set(String(key_id), (counts.get(String(key_id)) ?? 0) + 1);
        const last = rows.at(-1);
        if (last === undefined || rows.length < COUNTED) return counts;
        from = keyOf(last);
      }
    },
    async page(keep, from) {
      const rows: readonly Input[] = await db.read(page(from, { keep }));
      const last = rows.at(-1);
      return {
        stale: rows.flatMap((row) =>
          row['bytes'] instanceof Uint8Array
            ? [{ key: keyOf(row), sealed: String(row['sealed']), bytes: row['bytes'] }]
            : [],
        ),
        last: last === undefined || rows.length < pageRows ? null : keyOf(last),
      };
    },
    reseal({ key: rowKey, sealed, bytes: before = new Uint8Array() }, sealer) {
      const { keyId: by, sizeBytes } = parseSealedAs(sealed);
      const place = { table, column, row: [...rowKey, sizeBytes].join(':') };
      const anew = sealer.sealBytes(sealer.openBytes(before, place, by), place);
      return swap.bind({ ...keyInput(rowKey), bytes: anew.bytes, before: sealed, after: `${anew.keyId}:${sizeBytes}` });
    },
  };
}
