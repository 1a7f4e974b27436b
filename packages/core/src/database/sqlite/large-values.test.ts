// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { prepareRaw, rawStatement } from '../raw.ts';
import { handingOver } from '../statement.ts';
import { addLargeValues } from './large-values.ts';
import { SqliteDatabase } from './sqlite-database.ts';

const LARGE = 100_000;

async function openFiles() {
  const database = await SqliteDatabase.open<unknown>(':memory:');
  await database.write([rawStatement(database, sql`create table files (bytes blob not null)`)]);
  const insert = prepareRaw<{ bytes: Uint8Array }>(
    database,
    ({ bytes }) => sql`insert into files (bytes) values (${bytes})`,
  );
  const read = () => database.read(rawStatement<{ bytes: Uint8Array }>(database, sql`select bytes from files`));
  return { database, insert, read };
}

test('a large value that is handed over is stored whole and is gone here; read twice, it is there twice', async () => {
  const { database, insert, read } = await openFiles();
  await using _database = database;
  const bytes = new Uint8Array(LARGE).fill(7);
  await database.write([handingOver(insert.bind({ bytes }))]);
  expect(bytes.byteLength).toBe(0);
  for (let time = 0; time < 2; time++) {
    expect((await read()).map((row) => Buffer.from(row.bytes))).toEqual([Buffer.alloc(LARGE, 7)]);
  }
});

test('a value that is not handed over, or shares its memory with others, stays', async () => {
  const { database, insert } = await openFiles();
  await using _database = database;
  const kept = new Uint8Array(LARGE);
  const shared = new Uint8Array(2 * LARGE).subarray(0, LARGE);
  await database.write([insert.bind({ bytes: kept }), handingOver(insert.bind({ bytes: shared }))]);
  expect([kept.byteLength, shared.byteLength]).toEqual([LARGE, LARGE]);
});

test('small values, text, numbers and null are left to be copied', () => {
  const found: ArrayBuffer[] = [];
  addLargeValues(['x'.repeat(LARGE), 1, null, new Uint8Array(10)], found);
  expect(found).toEqual([]);
});
