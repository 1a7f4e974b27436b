// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createDatabase, type TempDir, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { readServerConfig } from '../src/env/read-config.ts';
import { startServer } from '../src/start-server.ts';
import { run } from './run-command.case.ts';

const serverOf = (dir: TempDir, more: Readonly<Record<string, string>> = {}) =>
  startServer(readServerConfig({ GMP_PORT: '0', GMP_EDITION: 'community', GMP_DATA_DIR: dir.path, ...more }));

/** A data folder of a server that ran, with an account whose password is sealed. */
async function serveOnce(dir: TempDir): Promise<void> {
  await using server = await serverOf(dir);
  const authorization = `Bearer ${readFileSync(dir.file('token'), 'utf8').trim()}`;
  const account = { id: 'main', host: '127.0.0.1', port: 25, user: 'u', password: 'p' };
  const answer = await fetch(`${server.url}/v1/accounts`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  expect(answer.status).toBe(201);
}

/** A database of each kind, empty, as the variables that name it. */
type NewDatabase = () => Promise<AsyncDisposable & { readonly env: Readonly<Record<string, string>> }>;

const sqlite: NewDatabase = async () => {
  const dir = tempDir();
  return { env: { GMP_DATA_DIR: dir.path }, [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() };
};

const postgres: NewDatabase = async () => {
  const dir = tempDir();
  const made = await createDatabase(inject('pgUrl') ?? '');
  return {
    env: { GMP_DATA_DIR: dir.path, GMP_DATABASE_URL: made.url },
    async [Symbol.asyncDispose]() {
      await made.drop();
      dir[Symbol.dispose]();
    },
  };
};

describe.each([
  ['SQLite', sqlite, ''],
  ['PostgreSQL', postgres, inject('pgSkip')],
] as const)('migrate on %s', (_name, open, skip) => {
  test.skipIf(skip !== '')('plans without a change, applies each step once, and says what it did', async () => {
    await using database = await open();
    const plan = await run(['migrate', '--plan'], database.env);
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(plan.stdout).toMatch(/^would apply core 1 foundation \(min_reader 1\)\nwould apply core 2 /);
    expect(readdirSync(database.env['GMP_DATA_DIR'] ?? '')).toEqual([]);
    const statements = await run(['migrate', '--plan', '--sql'], database.env);
    expect(statements.stdout).toContain('create table "messages"');
    const machine = JSON.parse((await run(['migrate', '--plan', '--json'], database.env)).stdout);
    expect(machine.pending[0]).toEqual({ namespace: 'core', number: 1, name: 'foundation', min_reader: 1 });

    const applied = await run(['migrate', '--json'], database.env);
    const numbers = JSON.parse(applied.stdout).applied.map(({ number }: { number: number }) => number);
    expect(numbers.slice(0, 2)).toEqual([1, 2]);
    expect(await run(['migrate'], database.env)).toEqual({ code: 0, stdout: 'the schema is up to date\n', stderr: '' });
    expect(JSON.parse((await run(['migrate', '--plan', '--json'], database.env)).stdout)).toEqual({ pending: [] });
  });
});

test('a plan can be made beside a running server, and migrating its file cannot', async () => {
  using dir = tempDir();
  await using _server = await serverOf(dir);
  const env = { GMP_DATA_DIR: dir.path };
  expect(await run(['migrate', '--plan'], env)).toMatchObject({ code: 0, stdout: 'the schema is up to date\n' });
  const locked = await run(['migrate'], env);
  expect(locked.code).toBe(69);
  expect(locked.stderr).toMatch(/\(database_locked\)\n {2}Stop the server first/);
  expect((await run(['migrate', '--sql'], env)).code).toBe(2);
});

describe('export and import', () => {
  test.skipIf(inject('pgSkip') !== '')('move a server to PostgreSQL, and its secrets open there', async () => {
    using dir = tempDir();
    await serveOnce(dir);
    await using target = await postgres();
    const archive = dir.file('archive');
    const exported = await run(['export', archive, '--gzip', '--data-dir', dir.path], {});
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(/^exported \d+ rows of \d+ tables in /) });
    expect(exported.stderr).toMatch(/^exporting \d+\/\d+ rows /);

    const keyless = await run(['import', archive], target.env);
    expect([keyless.code, keyless.stdout]).toEqual([78, '']);
    expect(keyless.stderr).toContain('--encryption-key-file');
    const flags = ['--encryption-key-file', dir.file('mail-proxy.db.key'), '--json'];
    const imported = await run(['import', archive, ...flags], target.env);
    expect(imported.code).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({ tables: { accounts: 1, tenants: 1 }, unreadable_keys: [] });
    expect(imported.stderr).toMatch(/^checking .*\nimporting .*\ncomparing /s);

    await using server = await startServer(
      readServerConfig({ GMP_PORT: '0', GMP_EDITION: 'community', GMP_API_TOKEN: 'x'.repeat(32), ...target.env }),
    );
    const headers = { authorization: `Bearer ${'x'.repeat(32)}`, 'content-type': 'application/json' };
    // Nothing listens on port 25 of this machine or it wants no password: opening the secret is what may not fail.
    const verified = await fetch(`${server.url}/v1/accounts/main/verify`, { method: 'POST', headers, body: '{}' });
    expect(verified.status).toBe(200);
  });

  test('say what is wrong, what to do, and end with a code for each', async () => {
    using dir = tempDir();
    await serveOnce(dir);
    const env = { GMP_DATA_DIR: dir.path };
    const archive = dir.file('archive');
    {
      await using _server = await serverOf(dir);
      expect(await run(['export', archive], env)).toMatchObject({
        code: 69,
        stderr: expect.stringMatching(/database_locked.*Stop the server first/s),
      });
    }
    expect((await run(['export', archive], env)).code).toBe(0);
    expect(await run(['export', archive], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('target_not_empty'),
    });
    expect(await run(['import', archive], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('target_not_empty'),
    });
    const lines = readFileSync(dir.file('archive', 'tenants.jsonl'), 'utf8');
    writeFileSync(dir.file('archive', 'tenants.jsonl'), lines.replace('default', 'defaults'));
    expect(await run(['import', archive], env)).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(/archive_damaged.*export again/s),
    });
    using empty = tempDir();
    const nothing = await run(['export', dir.file('other'), '--data-dir', empty.path], {});
    expect([nothing.code, existsSync(empty.file('mail-proxy.db'))]).toEqual([1, false]);
    expect((await run(['export'], env)).code).toBe(2);
  });
});
