// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What databases hold, read with the drivers alone: nothing of what moves them has a say in how they are compared.
import BetterSqlite from 'better-sqlite3';
import pg from 'pg';

/** Rows of each table, as texts in an order that depends on nothing but them. */
export type Dump = Readonly<Record<string, readonly string[]>>;

type Value = string | number | bigint | null | Uint8Array;

export function dumpSqlite(path: string): Dump {
  const db = new BetterSqlite(path, { readonly: true });
  try {
    const tables = db
      .prepare<[], { name: string }>("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
      .all();
    return dumpOf(
      tables.map(({ name }) => {
        const rows = db.prepare<[], Record<string, Value>>(`select * from "${name}"`).safeIntegers().all();
        return [name, rows];
      }),
    );
  } finally {
    db.close();
  }
}

export async function dumpPostgres(url: string, schema = 'public'): Promise<Dump> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      'select table_name as name from information_schema.tables where table_schema = $1',
      [schema],
    );
    const dumps: [string, Record<string, Value>[]][] = [];
    for (const { name } of tables.rows)
      dumps.push([name, (await client.query(`select * from "${schema}"."${name}"`)).rows]);
    return dumpOf(dumps);
  } finally {
    await client.end();
  }
}

/** The steps of the schema were applied to each database at a time of its own. */
function dumpOf(tables: readonly (readonly [string, readonly Readonly<Record<string, Value>>[]])[]): Dump {
  const own = tables.filter(([name]) => name !== 'schema_migrations');
  return Object.fromEntries(
    own.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, rows]) => [name, rows.map(textOf).toSorted()]),
  );
}

function textOf(row: Readonly<Record<string, Value>>): string {
  const fields = Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(fields.map(([name, value]) => [name, valueText(value)]));
}

function valueText(value: Value): string | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
