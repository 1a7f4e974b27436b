// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createMailEngine, exportDatabase, importDatabase } from '@mail-proxy/core';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { dumpPostgres, dumpSqlite } from './dump.case.ts';
import { writeMessages } from './many-messages.case.ts';
import { KEY } from './waiting-mail.case.ts';

const CHILD = fileURLToPath(new URL('./import-child-main.ts', import.meta.url));
const MESSAGES = 5_000;
const encryptionKey = KEY;

/** Import in a process of its own, and kill it once so many rows are on their way. */
async function importAndKill(database: string, folder: string, afterRows: number): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, database, folder, encryptionKey], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  createInterface(child.stdout).on('line', (line) => {
    const [phase, rows] = line.split(' ');
    if (phase === 'import' && Number(rows) >= afterRows) child.kill('SIGKILL');
  });
  expect(await closed).toEqual([null, 'SIGKILL']);
}

async function killAndResume(database: string, path: (name: string) => string): Promise<void> {
  await writeMessages(path('old.db'), MESSAGES);
  const folder = path('archive');
  const exported = await exportDatabase({ config: { database: path('old.db') }, folder, gzip: true });
  const config = { database, encryptionKey };
  await importAndKill(database, folder, MESSAGES);
  for (const refused of [
    () => createMailEngine({ config }),
    () => importDatabase({ config, folder }),
    () => exportDatabase({ config, folder: path('half') }),
  ]) {
    await expect(refused()).rejects.toMatchObject({
      code: 'import_unfinished',
      message: expect.stringContaining('--resume'),
    });
  }
  let first: number | undefined;
  const resumed = await importDatabase({
    config,
    folder,
    resume: true,
    onProgress({ phase, rows }) {
      if (phase === 'import' && rows > 0) first ??= rows;
    },
  });
  // What was in before the kill was not written again, or the keys would have refused it.
  expect(first).toBeGreaterThan(0);
  expect([resumed.archive, resumed.tables]).toEqual([exported.archive, exported.tables]);
  await expect(importDatabase({ config, folder, resume: true })).rejects.toMatchObject({ code: 'conflict' });
  await using engine = await createMailEngine({ config });
  expect(await engine.execute('instance.get', {})).toMatchObject({ waiting: MESSAGES });
}

describe('an import that is killed goes on with --resume, and no server starts before', { timeout: 120_000 }, () => {
  test('on SQLite', async () => {
    using dir = tempDir();
    await killAndResume(dir.file('new.db'), (name) => dir.file(name));
    expect(dumpSqlite(dir.file('new.db'))['messages']).toEqual(dumpSqlite(dir.file('old.db'))['messages']);
  });

  test.skipIf(inject('pgSkip') !== '')('on PostgreSQL', async () => {
    using dir = tempDir();
    await using made = await createDatabase(inject('pgUrl') ?? '');
    await killAndResume(made.url, (name) => dir.file(name));
    const dump = await dumpPostgres(made.url);
    expect(dump['messages']).toEqual(dumpSqlite(dir.file('old.db'))['messages']);
    expect(dump).not.toHaveProperty('import_progress');
  });
});
