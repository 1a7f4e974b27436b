// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { claimPlanConformance } from './claim-plan.case.ts';
import { storeConformance } from './store.case.ts';

storeConformance('SQLite in a file', { open: openFresh });
claimPlanConformance(openFresh);

async function openFresh() {
  const dir = tempDir();
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

test('a commit waits until its log is on disk, whatever the library does by default', async () => {
  using dir = tempDir();
  await using database = await openDatabase(dir.file('mail.db'));
  const pragma = (name: string) =>
    database.prepare<object>((k) => ({ compile: () => sql.raw(`pragma ${name}`).compile(k) }));
  const [mode, synchronous] = await database.write([pragma('journal_mode').bind({}), pragma('synchronous').bind({})]);
  // 2 is FULL.
  expect([mode.rows, synchronous.rows]).toEqual([[{ journal_mode: 'wal' }], [{ synchronous: 2 }]]);
});
