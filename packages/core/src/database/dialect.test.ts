// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import SqliteDatabase from 'better-sqlite3';
import type { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { sqliteDialect } from './dialect.ts';

test('SQLite gets no bare parameter behind LIMIT, for whose value it would compile the statement at each run', () => {
  // The compiler knows no tables.
  const compiler = sqliteDialect.compiler as unknown as Kysely<{ readonly letters: { readonly name: string } }>;
  const { sql, parameters } = compiler.selectFrom('letters').select('name').orderBy('name').limit(2).compile();
  expect(sql).toBe('select "name" from "letters" order by "name" limit +?');
  using db = disposable(new SqliteDatabase(':memory:'));
  db.exec(`create table letters (name text); insert into letters values ('c'), ('a'), ('b')`);
  expect(db.prepare(sql).pluck().all(parameters)).toEqual(['a', 'b']);
});

function disposable(db: SqliteDatabase.Database): SqliteDatabase.Database & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => void db.close() });
}
