// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { runCommandLine } from '../src/cli/run-command-line.ts';
import { readServerConfig } from '../src/env/read-config.ts';
import { startServer } from '../src/start-server.ts';

const TOKEN = 'a-token-of-enough-length';

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (written[name] += text) });
  const code = await runCommandLine(args, {
    env,
    streams: { stdout: sink('stdout'), stderr: sink('stderr'), stdin: (async function* () {})() },
    serve: async () => 0,
  });
  return { code, ...written };
}

const bytesIn = (text: string): number => Buffer.from(text.trim(), 'base64').length;

describe('mail-proxy keys generate', () => {
  test('prints a key and nothing else, and says its id beside it', async () => {
    const { code, stdout, stderr } = await run(['keys', 'generate']);
    expect([code, bytesIn(stdout)]).toEqual([0, 32]);
    expect(stderr).toMatch(/^made the key [0-9a-f]{8};/);
    expect((await run(['keys', 'generate'])).stdout).not.toBe(stdout);
  });

  test('keeps it in a file for its owner only, and shows it nowhere', async () => {
    using dir = tempDir();
    const { code, stdout } = await run(['keys', 'generate', '--file', dir.file('key')]);
    expect([code, stdout]).toEqual([0, '']);
    expect(statSync(dir.file('key')).mode & 0o777).toBe(0o600);
    const made = readFileSync(dir.file('key'), 'utf8');
    expect(bytesIn(made)).toBe(32);
    const again = await run(['keys', 'generate', '--file', dir.file('key')]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('--add-to') });
    expect(readFileSync(dir.file('key'), 'utf8')).toBe(made);
  });

  test('adds it to a file, behind the others or before them', async () => {
    using dir = tempDir();
    const key = dir.file('key');
    await run(['keys', 'generate', '--file', key]);
    const first = readFileSync(key, 'utf8');
    await run(['keys', 'generate', '--add-to', key]);
    const two = readFileSync(key, 'utf8');
    expect(two.startsWith(first)).toBe(true);
    await run(['keys', 'generate', '--add-to', key, '--first']);
    expect(readFileSync(key, 'utf8').endsWith(two)).toBe(true);
    expect(readdirSync(dir.path)).toEqual(['key']);
    expect(await run(['keys', 'generate', '--first'])).toMatchObject({ code: 2 });
    expect(await run(['keys', 'generate', '--add-to', dir.file('none')])).toMatchObject({ code: 78 });
  });
});

test('keys are changed from the command line while the server runs', { timeout: 60_000 }, async () => {
  using dir = tempDir();
  const keyFile = dir.file('mail-proxy.db.key');
  await using server = await startServer(
    readServerConfig({ GMP_PORT: '0', GMP_DATA_DIR: dir.path, GMP_API_TOKEN: TOKEN }),
  );
  const env = { GMP_URL: server.url, GMP_API_TOKEN: TOKEN };
  const account = ['--id', 'main', '--host', 'localhost', '--port', '25', '--user', 'u', '--password', 'canary'];
  expect(await run(['accounts', 'create', ...account], env)).toMatchObject({ code: 0 });
  const statusOf = async () => JSON.parse((await run(['keys', 'status', '--json'], env)).stdout);
  const before = await statusOf();
  expect(before.columns).toEqual([{ column: 'accounts.password', key: before.sealing, at_hand: true, values: 1 }]);

  await run(['keys', 'generate', '--add-to', keyFile, '--first']);
  const rotated = await run(['keys', 'rotate'], env);
  expect(rotated).toMatchObject({ code: 0, stdout: expect.stringMatching(/state +done/) });
  expect(rotated.stderr).toContain('sealing 1/1 rows (sealed values)');
  const after = await statusOf();
  expect(after.sealing).not.toBe(before.sealing);
  expect(after.columns).toEqual([{ ...before.columns[0], key: after.sealing }]);
  expect(after.instances).toEqual([{ instance: 'mail-proxy', session: 1, keys: [after.sealing, before.sealing] }]);
  const table = await run(['keys', 'status'], env);
  expect(table.stdout).toMatch(new RegExp(`accounts\\.password +${after.sealing} +true +1`));
  expect(await run(['keys', 'rotate', '--json'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"done": 0'),
  });
});

test('a server that cannot be reached is named', async () => {
  const { code, stderr } = await run(['keys', 'rotate'], { GMP_URL: 'http://127.0.0.1:1' });
  expect([code, stderr]).toEqual([69, expect.stringContaining('does not answer')]);
});
