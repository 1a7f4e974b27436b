// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type TempDir, tempDir } from '@mail-proxy/testkit';
import { type RawBuilder, sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';
import { claimPlanConformance } from './claim-plan.case.ts';
import { storeConformance } from './store.case.ts';

storeConformance('SQLite in a file', { open: openMigrated, openEmpty: () => openIn(tempDir()) });
claimPlanConformance(openMigrated);

async function openMigrated() {
  const dir = tempDir();
  copyFileSync(inject('sqliteMigrated'), dir.file('mail.db'));
  return openIn(dir);
}

async function openIn(dir: TempDir) {
  const database = await openDatabase(dir.file('mail.db'));
  const dispose = async (): Promise<void> => {
    await database[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  };
  return { database, connect: null, dispose };
}

test('a file that a database has open is refused to a second one with database_locked', async () => {
  using dir = tempDir();
  const path = dir.file('mail.db');
  {
    await using _first = await openDatabase(path);
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'database_locked' });
  }
  await using _second = await openDatabase(path);
});

test('the lock on a file ends with its process, even when that is killed', async () => {
  using dir = tempDir();
  const path = dir.file('mail.db');
  const main = fileURLToPath(new URL('./hold-database-main.ts', import.meta.url));
  const holder = spawn(process.execPath, [main, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(holder, 'exit');
  try {
    const [line] = await Promise.race([once(holder.stdout, 'data'), gone]);
    expect(String(line)).toContain('open');
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'database_locked' });
  } finally {
    holder.kill('SIGKILL');
    await gone;
  }
  await using _second = await openDatabase(path);
});

test('a path that cannot be opened is refused with database_unavailable', async () => {
  using dir = tempDir();
  await expect(openDatabase(dir.file('missing', 'mail.db'))).rejects.toMatchObject({ code: 'database_unavailable' });
});

test('a damaged page fails what reads it, and is no absence of the database', async () => {
  using dir = tempDir();
  const path = dir.file('mail.db');
  let page: number;
  let size: number;
  {
    await using database = await openDatabase<unknown>(path);
    const run = (statement: RawBuilder<unknown>) => database.write([rawStatement(database, statement)]);
    await run(sql`create table whole (n integer)`);
    await run(sql`create table damaged (n integer)`);
    await run(sql`insert into damaged values (1)`);
    const place = sql<{ page: number; size: number }>`
      select rootpage as page, page_size as size from sqlite_schema, pragma_page_size where name = 'damaged'`;
    [{ page, size } = { page: 0, size: 0 }] = await database.read(rawStatement(database, place));
  }
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(size, 0xff), 0, size, (page - 1) * size);
  await file.close();
  await using database = await openDatabase<unknown>(path);
  const statement = (text: RawBuilder<unknown>) => rawStatement(database, text);
  await expect(database.read(statement(sql`select n from damaged`))).rejects.toThrow('malformed');
  await database.write([statement(sql`insert into whole values (1)`)]);
  expect(await database.read(statement(sql`select n from whole`))).toEqual([{ n: 1 }]);
});

test.each([
  ['lead no statement past its index', 'schema_migrations'],
  ['are left to a file that is not ours', 'something_else'],
])('statistics that a tool made %s', async (_, table) => {
  using dir = tempDir();
  const path = dir.file('mail.db');
  const search = sql`explain query plan select b from numbers where a = 1 order by b limit 1`;
  const planOf = async (database: Database<unknown>) => {
    const [{ rows }] = await database.write([rawStatement(database, search)]);
    return rows.map((line: unknown) => String(Object(line).detail)).join();
  };
  const plans: string[] = [];
  {
    await using database = await openDatabase<unknown>(path);
    const run = (statement: RawBuilder<unknown>) => database.write([rawStatement(database, statement)]);
    await run(sql`create table ${sql.table(table)} (number integer)`);
    await run(sql`create table numbers (a integer, b integer)`);
    await run(sql`create index by_a on numbers (a)`);
    await run(sql`create index by_b on numbers (b)`);
    plans.push(await planOf(database));
    await run(sql`insert into numbers select 1, value from json_each(${JSON.stringify([...Array(2_000).keys()])})`);
    await run(sql`analyze`);
    plans.push(await planOf(database));
  }
  await using database = await openDatabase<unknown>(path);
  expect(plans[1]).not.toBe(plans[0]);
  expect(await planOf(database)).toBe(plans[table === 'schema_migrations' ? 0 : 1]);
});

test('a commit waits until its log is on disk, whatever the library does by default', async () => {
  using dir = tempDir();
  await using database = await openDatabase(dir.file('mail.db'));
  const pragma = (name: string) =>
    database.prepare<object>((k) => ({ compile: () => sql.raw(`pragma ${name}`).compile(k) }));
  const [mode, synchronous] = await database.write([pragma('journal_mode').bind({}), pragma('synchronous').bind({})]);
  // 2 is FULL.
  expect([mode.rows, synchronous.rows]).toEqual([[{ journal_mode: 'wal' }], [{ synchronous: 2 }]]);
});
