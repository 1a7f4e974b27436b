// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import SqliteDatabase from 'better-sqlite3';
import { type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { sqliteDialect } from './dialect.ts';

interface Tables {
  readonly letters: { readonly name: string };
}

// The compiler knows no tables.
const compiler = sqliteDialect.compiler as unknown as Kysely<Tables>;

test('SQLite gets no bare parameter, for whose value it would compile a statement at each run', () => {
  const query = compiler
    .selectFrom('letters')
    .select('name')
    .where('name', '>', 'a')
    .where(sql<boolean>`name in (${'b'}, ${'c'})`)
    .orderBy('name')
    .limit(2);
  const { sql: text, parameters } = query.compile();
  expect(text).not.toMatch(/(?<!\+)\?/);
  using db = disposable(new SqliteDatabase(':memory:'));
  db.exec(`create table letters (name text primary key); insert into letters values ('c'), ('a'), ('b'), ('d')`);
  expect(db.prepare(text).pluck().all(parameters)).toEqual(['b', 'c']);
  const plan = db.prepare(
    `explain query plan ${compiler.selectFrom('letters').select('name').where('name', '=', 'a').compile().sql}`,
  );
  expect(plan.all('a')).toMatchObject([{ detail: expect.stringMatching(/^SEARCH letters USING .*INDEX/) }]);
});

test.each([
  ['text', 'é'],
  ['text that looks like a number', '007'],
  ['an integer', 9_007_199_254_740_991],
  ['a fraction', -0.5],
  ['bytes', Buffer.from('ff00', 'hex')],
  ['null', null],
])('a parameter is stored and found as it is: %s', (_, value) => {
  using db = disposable(new SqliteDatabase(':memory:'));
  db.exec('create table values_of_all_types (value)');
  db.prepare(sql`insert into values_of_all_types values (${value})`.compile(compiler).sql).run(value);
  const found = sql`select value, typeof(value) as type from values_of_all_types where value is ${value}`.compile(
    compiler,
  );
  const asIs = db.prepare('select ? as value, typeof(?) as type').get(value, value);
  expect(db.prepare(found.sql).get(value)).toEqual(asIs);
});

function disposable(db: SqliteDatabase.Database): SqliteDatabase.Database & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => void db.close() });
}
