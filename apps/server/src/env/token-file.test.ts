// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { keepToken, readToken } from './token-file.ts';

test('a token is made once, for its owner only, and found again', async () => {
  using dir = tempDir();
  const first = await keepToken(dir.path);
  expect(first).toMatchObject({ isNew: true, token: expect.stringMatching(/^mp_admin_[\w-]{43}$/) });
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  expect(readFileSync(first.path, 'utf8')).toBe(`${first.token}\n`);
  expect(await keepToken(dir.path)).toEqual({ ...first, isNew: false });
});

test('of many that make it at once, all have the same and nothing else is left', async () => {
  using dir = tempDir();
  const tokens = await Promise.all(Array.from({ length: 8 }, () => keepToken(dir.path)));
  expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
  expect(tokens.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(readdirSync(dir.path)).toEqual(['token']);
});

test('a token that others can read is refused with the remedy', async () => {
  using dir = tempDir();
  const { path } = await keepToken(dir.path);
  chmodSync(path, 0o644);
  await expect(readToken(dir.path)).rejects.toThrow(`chmod 600 ${path}`);
});

test.each(['', 'short', 'two words that are no token'])('a file that holds %j is refused', async (text) => {
  using dir = tempDir();
  writeFileSync(dir.file('token'), text, { mode: 0o600 });
  await expect(readToken(dir.path)).rejects.toMatchObject({ code: 'invalid_config' });
});
