// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { exportDatabase, importDatabase, migrateDatabase, planDatabase } from '@mail-proxy/core';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { dumpPostgres, dumpSqlite } from './dump.case.ts';
import { fillPostgres, shelf } from './filled-database.case.ts';

const skip = inject('pgSkip');
const mixins = [shelf];

function serverUrl(): string {
  const url = inject('pgUrl');
  if (url === undefined) throw new Error('there is no PostgreSQL');
  return url;
}

describe.skipIf(skip !== '')('a database that holds something in every column of every table', () => {
  test.for([false, true])('comes from PostgreSQL to SQLite and back as it was, with gzip %s', async (gzip) => {
    using dir = tempDir();
    await using first = await createDatabase(serverUrl());
    await using last = await createDatabase(serverUrl());
    await fillPostgres(first.url);
    const before = await dumpPostgres(first.url);
    // Whatever the next migration adds must be filled, or this test says nothing of it.
    for (const [table, rows] of Object.entries(before)) {
      expect([table, rows.length]).toEqual([table, 12]);
      const filled = new Set(rows.flatMap((row) => columnsWithValue(row)));
      expect([table, filled]).toEqual([table, new Set(columnsIn(rows[0]))]);
    }

    const key = { encryptionKey: Buffer.alloc(32, 1).toString('base64') };
    const sqlite = dir.file('mail.db');
    const there = await exportDatabase({
      config: { database: first.url, ...key },
      mixins,
      folder: dir.file('there'),
      gzip,
    });
    await importDatabase({ config: { database: sqlite, ...key }, mixins, folder: dir.file('there') });
    expect(dumpSqlite(sqlite)).toEqual(before);
    const back = await exportDatabase({ config: { database: sqlite, ...key }, mixins, folder: dir.file('back'), gzip });
    await importDatabase({ config: { database: last.url, ...key }, mixins, folder: dir.file('back') });
    expect(await dumpPostgres(last.url)).toEqual(before);

    expect(Object.keys(there.tables)).toEqual(
      Object.keys(before).toSorted((a, b) => order(there, a) - order(there, b)),
    );
    expect(tablesIn(dir.file('back', 'manifest.json'))).toEqual(tablesIn(dir.file('there', 'manifest.json')));
    expect(back.rows).toBe(there.rows);
  });

  test('comes into a schema of its own and out of it, beside another database in the default one', async () => {
    using dir = tempDir();
    await using made = await createDatabase(serverUrl());
    await fillPostgres(made.url);
    const before = await dumpPostgres(made.url);
    const key = { encryptionKey: Buffer.alloc(32, 1).toString('base64') };
    const inSchema = { database: made.url, postgres: { schema: 'mail' }, ...key };
    await exportDatabase({ config: { database: made.url, ...key }, mixins, folder: dir.file('there') });
    await importDatabase({ config: inSchema, mixins, folder: dir.file('there') });
    expect(await dumpPostgres(made.url, 'mail')).toEqual(before);
    expect(await planDatabase({ config: inSchema, mixins })).toEqual([]);
    expect(await migrateDatabase({ config: inSchema, mixins })).toEqual([]);

    await exportDatabase({ config: inSchema, mixins, folder: dir.file('back') });
    expect(tablesIn(dir.file('back', 'manifest.json'))).toEqual(tablesIn(dir.file('there', 'manifest.json')));
    expect(await dumpPostgres(made.url)).toEqual(before);
  });
});

function order(result: { readonly tables: Readonly<Record<string, number>> }, table: string): number {
  return Object.keys(result.tables).indexOf(table);
}

function columnsIn(row = '[]'): readonly string[] {
  return (JSON.parse(row) as [string, string | null][]).map(([name]) => name);
}

function columnsWithValue(row: string): readonly string[] {
  return (JSON.parse(row) as [string, string | null][]).flatMap(([name, value]) => (value === null ? [] : [name]));
}

/** Counts, hashes and counters of all tables; SQLite and PostgreSQL may have their columns in another order. */
function tablesIn(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')).tables;
}
