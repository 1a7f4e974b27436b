// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import { readCatalog } from '../../src/database/catalog.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import type { MigrationList } from '../../src/database/migrations/migration.ts';
import { openDatabase } from '../../src/database/open.ts';
import { defineMixin } from '../../src/mixin/contract.ts';
import { parentsFirst } from '../../src/transfer/own-tables.ts';

/** A mixin whose tables have what core's have not: a serial, fractions, a key of plain text, a reference to core. */
export const shelf = defineMixin({
  id: 'shelf',
  contract: 1,
  migrations: [
    {
      number: 1,
      name: 'shelf',
      minReader: 1,
      up: (schema, t) => [
        schema
          .createTable('shelf_books')
          .addColumn('title', t.text, (c) => c.notNull())
          .addColumn('volume', t.integer, (c) => c.notNull())
          .addColumn('account_pk', t.pk, (c) => c.references('accounts.pk'))
          .addColumn('price', 'double precision')
          .addColumn('cover', t.bytes)
          .addPrimaryKeyConstraint('shelf_books_pk', ['title', 'volume']),
        schema.createTable('shelf_loans').addColumn('number', t.serial).addColumn('title', t.text),
      ],
    },
  ],
  setup: () => ({}),
});

export const LISTS: readonly MigrationList[] = [
  CORE_MIGRATIONS,
  { namespace: 'shelf', migrations: shelf.migrations ?? [] },
];

/** Texts that a careless reader of lines, of JSON or of a collation takes for something else. */
const TEXTS = ['plain', 'a\u2028b\nc\rd', 'quote " and \\ back', 'Zürich 🚚', '', 'ZEBRA', 'zebra', 'ä', '中文'];

const BIGGEST = ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0', '-1'];
const FRACTIONS = [0.1, -1e300, 5e-324, 0, 123456789.125];
const ROWS = 12;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly identity: boolean;
  /** The column of another table whose values it takes. */
  readonly parent: { readonly table: string; readonly column: string } | null;
  readonly nullable: boolean;
}

/**
 * Fill every column of every table with values as awkward as its type allows. Which tables and columns there are is
 * asked of PostgreSQL, so that those of the next migration are filled too.
 */
export async function fillPostgres(url: string): Promise<void> {
  await using database = await openDatabase<unknown>(url);
  await migrate(database, LISTS, 1);
  const catalog = await readCatalog(database);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const { name } of parentsFirst([...catalog.values()])) {
      if (name !== 'schema_migrations') await fillTable(client, name);
    }
  } finally {
    await client.end();
  }
}

async function fillTable(client: pg.Client, table: string): Promise<void> {
  const columns = await columnsOf(client, table);
  const parents = new Map<string, readonly unknown[]>();
  for (const { name, parent } of columns) {
    if (parent === null) continue;
    const { rows } = await client.query(`select "${parent.column}" as v from "${parent.table}" order by 1`);
    parents.set(
      name,
      rows.map((row: { v: unknown }) => row.v),
    );
  }
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const marks = columns.map((_, index) => `$${index + 1}`).join(', ');
  const own = columns.some(({ identity }) => identity) ? 'overriding system value' : '';
  for (let row = 0; row < ROWS; row++) {
    const values = columns.map((column) => parents.get(column.name)?.[row] ?? awkwardValue(column, row));
    await client.query(`insert into "${table}" (${names}) ${own} values (${marks})`, values);
  }
}

/** Differs from row to row, so that it fits any unique index; the last row is as empty as it may be. */
function awkwardValue({ type, identity, nullable }: Column, row: number): unknown {
  if (nullable && row === ROWS - 1) return null;
  switch (type) {
    case 'text':
      return `${TEXTS[row % TEXTS.length]}${row < TEXTS.length ? '' : row}`;
    case 'bigint':
      return identity ? row + 1 : (BIGGEST[row] ?? row * 1_000_003);
    case 'integer':
      return row === 0 ? 2_147_483_647 : row + 2;
    case 'double precision':
      return FRACTIONS[row] ?? row / 3;
    case 'bytea':
      return Buffer.from(Array.from({ length: row * 37 }, (_, at) => (at * 7 + row) % 256));
    default:
      throw new Error(`the test has no value for the type ${type}`);
  }
}

async function columnsOf(client: pg.Client, table: string): Promise<readonly Column[]> {
  const { rows } = await client.query(
    `select a.attname as name, format_type(a.atttypid, null) as type, a.attidentity <> '' as identity,
       not a.attnotnull as nullable, t.relname as parent_table, p.attname as parent_column
     from pg_attribute a
     left join pg_constraint f on f.conrelid = a.attrelid and f.contype = 'f' and f.conkey[1] = a.attnum
     left join pg_class t on t.oid = f.confrelid
     left join pg_attribute p on p.attrelid = f.confrelid and p.attnum = f.confkey[1]
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [`"${table}"`],
  );
  return rows.map((row) => ({
    name: row.name,
    type: row.type,
    identity: row.identity,
    nullable: row.nullable && row.parent_table === null,
    parent: row.parent_table === null ? null : { table: row.parent_table, column: row.parent_column },
  }));
}
