// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createMailEngine, exportDatabase, importDatabase, type Mixin } from '@mail-proxy/core';
import { createDatabase, type TempDir, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';
import { shelf } from './filled-database.case.ts';
import { writeMessages } from './many-messages.case.ts';
import { KEY } from './waiting-mail.case.ts';

const encryptionKey = KEY;
const skip = inject('pgSkip');

/** A small archive in `archive`. */
async function archiveIn(dir: TempDir, gzip = false, mixins: readonly Mixin[] = []): Promise<string> {
  await writeMessages(dir.file('old.db'), 300);
  if (mixins.length > 0) {
    await using _migrated = await createMailEngine({ config: { database: dir.file('old.db'), encryptionKey }, mixins });
  }
  await exportDatabase({ config: { database: dir.file('old.db') }, folder: dir.file('archive'), gzip, mixins });
  return dir.file('archive');
}

describe('an archive is refused before anything is written', () => {
  const faults: readonly [string, boolean, (folder: string) => void][] = [
    [
      'with one letter changed',
      false,
      (folder) => {
        const path = `${folder}/messages.jsonl`;
        writeFileSync(path, readFileSync(path, 'utf8').replace('"ready"', '"final"'));
      },
    ],
    ['cut short', false, (folder) => truncateSync(`${folder}/messages.jsonl`, 5_000)],
    ['cut short and compressed', true, (folder) => truncateSync(`${folder}/messages.jsonl.gz`, 2_000)],
    ['with a row more', false, (folder) => appendFileSync(`${folder}/tenants.jsonl`, '["x"]\n')],
    ['without one of its files', false, (folder) => rmSync(`${folder}/message_contents.jsonl`)],
    ['whose export did not come to its end', false, (folder) => rmSync(`${folder}/manifest.json`)],
    [
      'with a changed manifest',
      false,
      (folder) => {
        const path = `${folder}/manifest.json`;
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace('"sealed": []', '"sealed": [{"column":"a","key":"b","values":1}]'),
        );
      },
    ],
  ];
  test.for(faults)('%s', async ([, gzip, spoil]) => {
    using dir = tempDir();
    const folder = await archiveIn(dir, gzip);
    spoil(folder);
    const imported = importDatabase({ config: { database: dir.file('new.db'), encryptionKey }, folder });
    await expect(imported).rejects.toMatchObject({ code: 'archive_damaged' });
    expect(existsSync(dir.file('new.db'))).toBe(false);
  });
});

describe('an import is refused', () => {
  test('into a database on which a server was ever started, and that stays as it is', async () => {
    using dir = tempDir();
    const folder = await archiveIn(dir);
    const config = { database: dir.file('new.db'), encryptionKey };
    await (await createMailEngine({ config }))[Symbol.asyncDispose]();
    await expect(importDatabase({ config, folder })).rejects.toMatchObject({ code: 'target_not_empty' });
    await using _engine = await createMailEngine({ config });
  });

  test('into a database that a server has open', async () => {
    using dir = tempDir();
    const folder = await archiveIn(dir);
    const config = { database: dir.file('new.db'), encryptionKey };
    await using _engine = await createMailEngine({ config });
    await expect(importDatabase({ config, folder })).rejects.toMatchObject({ code: 'database_locked' });
  });

  test('to be resumed where none began, or one of another archive', async () => {
    using dir = tempDir();
    const folder = await archiveIn(dir);
    const config = { database: dir.file('new.db'), encryptionKey };
    await expect(importDatabase({ config, folder, resume: true })).rejects.toMatchObject({ code: 'conflict' });
    const cut = importDatabase({
      config,
      folder,
      onProgress({ phase }) {
        if (phase === 'import') throw new Error('the test cuts it here');
      },
    });
    await expect(cut).rejects.toThrow('the test cuts it here');
    await exportDatabase({ config: { database: dir.file('old.db') }, folder: dir.file('second') });
    const other = importDatabase({ config, folder: dir.file('second'), resume: true });
    await expect(other).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('another archive'),
    });
  });

  test('of tables that only a mixin knows, and of steps that only a newer version knows', async () => {
    using dir = tempDir();
    const folder = await archiveIn(dir, false, [shelf]);
    const config = { database: dir.file('new.db'), encryptionKey };
    await expect(importDatabase({ config, folder })).rejects.toMatchObject({ code: 'mixin_required' });
    const older = { ...shelf, migrations: [] };
    await expect(importDatabase({ config, folder, mixins: [older] })).rejects.toMatchObject({ code: 'schema_too_new' });
    await importDatabase({ config, folder, mixins: [shelf] });
  });
});

test('an archive of an older version is taken as it is, and brought up to date', async () => {
  using dir = tempDir();
  const folder = await archiveIn(dir, false, [shelf]);
  const newer: Mixin = {
    ...shelf,
    migrations: [
      ...(shelf.migrations ?? []),
      {
        number: 2,
        name: 'pages',
        minReader: 1,
        up: (schema, t) => [schema.alterTable('shelf_books').addColumn('pages', t.integer)],
      },
    ],
  };
  const config = { database: dir.file('new.db'), encryptionKey };
  await importDatabase({ config, folder, mixins: [newer] });
  await using database = await openDatabase<unknown>(dir.file('new.db'));
  expect(await database.read(rawStatement(database, sql`select pages from shelf_books`))).toEqual([]);
});

describe('an export is refused', () => {
  test('while a server has the file open, and of a file that is not there', async () => {
    using dir = tempDir();
    const config = { database: dir.file('mail.db'), encryptionKey };
    const missing = exportDatabase({ config, folder: dir.file('archive') });
    await expect(missing).rejects.toMatchObject({ code: 'not_found' });
    expect(existsSync(dir.file('mail.db'))).toBe(false);
    await using _engine = await createMailEngine({ config });
    const locked = exportDatabase({ config, folder: dir.file('archive') });
    await expect(locked).rejects.toMatchObject({ code: 'database_locked' });
  });

  test('into a folder with anything in it', async () => {
    using dir = tempDir();
    const folder = await archiveIn(dir);
    const again = exportDatabase({ config: { database: dir.file('old.db') }, folder });
    await expect(again).rejects.toMatchObject({ code: 'target_not_empty' });
  });

  test('of tables that only a mixin knows', async () => {
    using dir = tempDir();
    await archiveIn(dir, false, [shelf]);
    const without = exportDatabase({ config: { database: dir.file('old.db') }, folder: dir.file('second') });
    await expect(without).rejects.toMatchObject({ code: 'mixin_required' });
  });

  test.skipIf(skip !== '')('while a session on PostgreSQL is alive, and when one came by meanwhile', async () => {
    using dir = tempDir();
    await using made = await createDatabase(inject('pgUrl') ?? '');
    const config = { database: made.url, encryptionKey, instanceName: 'berlin-1' };
    {
      await using engine = await createMailEngine({ config });
      await engine.start();
      const live = exportDatabase({ config, folder: dir.file('live') });
      await expect(live).rejects.toMatchObject({
        code: 'database_locked',
        message: expect.stringContaining('session 1 of berlin-1'),
      });
      expect(existsSync(dir.file('live'))).toBe(false);
    }
    let cameBy = false;
    const passedBy = exportDatabase({
      config,
      folder: dir.file('passed-by'),
      onProgress() {
        if (!cameBy) beatAndEnd(made.url);
        cameBy = true;
      },
    });
    await expect(passedBy).rejects.toMatchObject({ code: 'database_locked' });
    expect(existsSync(dir.file('passed-by', 'manifest.json'))).toBe(false);
    await exportDatabase({ config, folder: dir.file('quiet') });
  });
});

/** A session that begins and ends before this returns: a process of its own, since nothing here may wait. */
function beatAndEnd(url: string): void {
  const script = `
    import pg from 'pg';
    const client = new pg.Client({ connectionString: ${JSON.stringify(url)} });
    await client.connect();
    await client.query("insert into sessions (instance, started_at, heartbeat_at, ended_at) values ('x', 1, 1, 1)");
    await client.end();
  `;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: import.meta.dirname });
}
