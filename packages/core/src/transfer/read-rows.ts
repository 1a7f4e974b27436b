// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, sql } from 'kysely';
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { prepareRaw, rawStatement } from '../database/raw.ts';
import type { SqlValue, Statement } from '../database/statement.ts';
import { integerParameter, type ReadRow } from './canonical-row.ts';

/** Rows held in memory at the same time. */
const MAX_ROWS = 2_000;
/** Bytes of text and blobs in those rows; a single row may have more. */
const MAX_BYTES = 8 * 1_048_576;

/** No column has such a name. */
const LIMIT = '#limit';

type PageInput = Readonly<Record<string, SqlValue>>;

/** Count the rows of a table. */
export async function countRows(db: Database<unknown>, table: string): Promise<number> {
  const query = sql<{ readonly count: number }>`select count(*) as count from ${sql.table(table)}`;
  const [row] = await db.read(rawStatement(db, query));
  return row?.count ?? 0;
}

/**
 * Read a table page by page in the order of its primary key, which is the same on every database. Pages are small
 * enough that memory stays bounded, whatever the rows hold.
 */
export async function* readRows(
  db: Database<unknown>,
  table: TableShape,
): AsyncGenerator<readonly ReadRow[], void, undefined> {
  if (table.key.length === 0) throw new Error(`the table ${table.name} has no primary key, so it cannot be moved`);
  const pages = preparePages(db, table);
  let after: PageInput | null = null;
  let limit = MAX_ROWS;
  for (;;) {
    limit = await fittingLimit(db, pages, after, Math.min(MAX_ROWS, limit * 2));
    const rows: readonly ReadRow[] = await db.read(pages.rows(after, limit));
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (rows.length < limit || last === undefined) return;
    after = keyOf(table, last);
  }
}

/** Halve the page until what it holds fits. */
async function fittingLimit(
  db: Database<unknown>,
  pages: Pages,
  after: PageInput | null,
  from: number,
): Promise<number> {
  let limit = from;
  while (limit > 1) {
    const [size] = await db.read(pages.size(after, limit));
    if ((size?.bytes ?? 0) <= MAX_BYTES) break;
    limit = Math.ceil(limit / 2);
  }
  return limit;
}

interface Pages {
  readonly rows: (after: PageInput | null, limit: number) => Statement<ReadRow>;
  /** Bytes of the texts and blobs of the same page. */
  readonly size: (after: PageInput | null, limit: number) => Statement<{ readonly bytes: number }>;
}

function preparePages(db: Database<unknown>, { name, columns, key }: TableShape): Pages {
  const kinds = new Map(columns.map((column) => [column.name, column.kind]));
  // Bytewise, as SQLite sorts anyway; a column that PostgreSQL sorts so already keeps its index.
  const ordered = key.map(
    (column): Expression<unknown> =>
      kinds.get(column) === 'text' ? db.dialect.catalog.bytewise(sql.ref(column)) : sql.ref(column),
  );
  const selected = columns.map((column) =>
    column.kind === 'integer'
      ? sql`cast(${sql.ref(column.name)} as text) as ${sql.ref(column.name)}`
      : sql.ref(column.name),
  );
  const sizes = columns
    .filter(({ kind }) => kind === 'text' || kind === 'bytes')
    .map((column) => sql`coalesce(octet_length(${sql.ref(column.name)}), 0)`);
  const size = [sizes.length === 0 ? sql`0` : sql.join(sizes, sql` + `)];
  const page = (what: readonly Expression<unknown>[], input: PageInput, isFirst: boolean) => sql<ReadRow>`
    select ${sql.join(what)} from ${sql.table(name)}
    ${isFirst ? sql`` : sql`where (${sql.join(ordered)}) > (${sql.join(key.map((column) => input[column]))})`}
    order by ${sql.join(ordered)} limit ${input[LIMIT]}`;
  const rows = [false, true].map((isFirst) =>
    prepareRaw<PageInput, ReadRow>(db, (input) => page(selected, input, isFirst)),
  );
  const bytes = [false, true].map((isFirst) =>
    prepareRaw<PageInput, { readonly bytes: number }>(
      db,
      (input) =>
        sql`select cast(coalesce(sum(size), 0) as bigint) as bytes from (${page(
          size.map((each) => sql`${each} as size`),
          input,
          isFirst,
        )}) as page`,
    ),
  );
  const bound = <Row>(
    [next, first]: readonly { bind(input: PageInput): Statement<Row> }[],
    after: PageInput | null,
    limit: number,
  ): Statement<Row> => {
    const chosen = after === null ? first : next;
    if (chosen === undefined) throw new Error('a page has two statements');
    return chosen.bind({ ...after, [LIMIT]: limit });
  };
  return {
    rows: (after, limit) => bound(rows, after, limit),
    size: (after, limit) => bound(bytes, after, limit),
  };
}

function keyOf({ key, columns }: TableShape, row: ReadRow): PageInput {
  return Object.fromEntries(
    key.map((name) => {
      const value = row[name] ?? null;
      const kind = columns.find((column) => column.name === name)?.kind;
      return [name, kind === 'integer' && value !== null ? integerParameter(String(value)) : value];
    }),
  );
}
