// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadOrCreateKey } from './key-file.ts';

const invalid = (text: string) =>
  expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(text) });

test('a missing key file is made for its owner only, and read the next time', async () => {
  using dir = tempDir();
  const keyFile = dir.file('mail.db.key');
  const made = await loadOrCreateKey({ keyFile });
  expect(made).toHaveLength(32);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(keyFile, 'utf8')).toBe(`${made.toString('base64')}\n`);
  expect(await loadOrCreateKey({ keyFile })).toEqual(made);
  expect(readdirSync(dir.path)).toEqual(['mail.db.key']);
});

test('of ten that make the file at once, all get the same key', async () => {
  using dir = tempDir();
  const keyFile = dir.file('mail.db.key');
  const keys = await Promise.all(Array.from({ length: 10 }, () => loadOrCreateKey({ keyFile })));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(readdirSync(dir.path)).toEqual(['mail.db.key']);
});

test('a key that is given is used, and no file is made', async () => {
  using dir = tempDir();
  const key = randomBytes(32);
  expect(await loadOrCreateKey({ key: key.toString('base64'), keyFile: dir.file('key') })).toEqual(key);
  expect(readdirSync(dir.path)).toEqual([]);
});

test('a file that others may read is refused with the command that mends it', async () => {
  using dir = tempDir();
  const keyFile = dir.file('key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'));
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    chmodSync(keyFile, mode);
    await expect(loadOrCreateKey({ keyFile })).rejects.toEqual(invalid(`chmod 600 ${keyFile}`));
  }
});

test('a malformed file is refused and left as it is', async () => {
  using dir = tempDir();
  const keyFile = dir.file('key');
  for (const text of ['', 'not a key', randomBytes(31).toString('base64'), 'A'.repeat(5_000)]) {
    writeFileSync(keyFile, text, { mode: 0o600 });
    await expect(loadOrCreateKey({ keyFile })).rejects.toEqual(invalid('base64 text of 32 bytes'));
    expect(readFileSync(keyFile, 'utf8')).toBe(text);
  }
});

test('a file in a folder that does not exist is refused by name', async () => {
  using dir = tempDir();
  const keyFile = dir.file('missing', 'key');
  await expect(loadOrCreateKey({ keyFile })).rejects.toEqual(invalid(keyFile));
});

test('text is a key only if it is the base64 of 32 bytes, and an error never repeats it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 8, maxLength: 60 }), async (text) => {
      const bytes = Buffer.from(text, 'base64');
      fc.pre(bytes.length !== 32 || bytes.toString('base64') !== text.trim());
      const error: unknown = await loadOrCreateKey({ key: text, keyFile: '/nowhere' }).catch((thrown) => thrown);
      // The whole message, so that nothing of the text can be in it.
      expect(error).toEqual(
        expect.objectContaining({
          code: 'invalid_config',
          message: 'the encryption key must hold the base64 text of 32 bytes',
        }),
      );
    }),
  );
});
