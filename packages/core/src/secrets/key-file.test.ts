// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addKeyToFile, createKeyFile, newKey, readKeyFile } from './key-file.ts';
import { keyIdOf, parseKeys, textOfKey } from './key-text.ts';

const invalid = (text: string) =>
  expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(text) });

const idsIn = async (path: string) => (await readKeyFile(path))?.map(keyIdOf);

test('a key file is made for its owner only, and read the next time', async () => {
  using dir = tempDir();
  const keyFile = dir.file('mail.db.key');
  expect(await readKeyFile(keyFile)).toBeNull();
  const [made] = await createKeyFile(keyFile);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(keyFile, 'utf8')).toBe(`${textOfKey(made!)}\n`);
  expect(await idsIn(keyFile)).toEqual([keyIdOf(made!)]);
  expect(readdirSync(dir.path)).toEqual(['mail.db.key']);
});

test('of ten that make the file at once, all get the same key', async () => {
  using dir = tempDir();
  const keyFile = dir.file('mail.db.key');
  const keys = await Promise.all(Array.from({ length: 10 }, () => createKeyFile(keyFile)));
  expect(new Set(keys.flat().map(keyIdOf)).size).toBe(1);
  expect(readdirSync(dir.path)).toEqual(['mail.db.key']);
});

test('a file has several keys, one a line, and may have comments; the first comes first', async () => {
  using dir = tempDir();
  const [one, two] = [newKey(), newKey()];
  writeFileSync(dir.file('key'), `# of 2026\n${textOfKey(one)}\r\n\n  ${textOfKey(two)}`, { mode: 0o600 });
  expect(await idsIn(dir.file('key'))).toEqual([keyIdOf(one), keyIdOf(two)]);
});

test('a key is added behind the others or before them, and the file stays its owner’s alone', async () => {
  using dir = tempDir();
  const [one, two, three] = [newKey(), newKey(), newKey()];
  await createKeyFile(dir.file('key'), [one]);
  await addKeyToFile(dir.file('key'), two, 'last');
  await addKeyToFile(dir.file('key'), three, 'first');
  expect(await idsIn(dir.file('key'))).toEqual([three, one, two].map(keyIdOf));
  expect(statSync(dir.file('key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir.path)).toEqual(['key']);
  await expect(addKeyToFile(dir.file('none'), two, 'last')).rejects.toEqual(invalid('there is no encryption key file'));
});

test('a file that others may read is refused with the command that mends it', async () => {
  using dir = tempDir();
  const keyFile = dir.file('key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'));
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    chmodSync(keyFile, mode);
    await expect(readKeyFile(keyFile)).rejects.toEqual(invalid(`chmod 600 ${keyFile}`));
  }
});

test('a malformed file is refused and left as it is', async () => {
  using dir = tempDir();
  const keyFile = dir.file('key');
  const good = randomBytes(32).toString('base64');
  for (const text of [
    '',
    '# nothing',
    'not a key',
    randomBytes(31).toString('base64'),
    'A'.repeat(20_000),
    `${good}\nx`,
  ]) {
    writeFileSync(keyFile, text, { mode: 0o600 });
    await expect(readKeyFile(keyFile)).rejects.toEqual(invalid('base64 text of 32 bytes'));
    await expect(createKeyFile(keyFile)).rejects.toEqual(invalid('base64 text of 32 bytes'));
    expect(readFileSync(keyFile, 'utf8')).toBe(text);
  }
});

test('a file in a folder that does not exist is refused by name', async () => {
  using dir = tempDir();
  const keyFile = dir.file('missing', 'key');
  await expect(createKeyFile(keyFile)).rejects.toEqual(invalid(keyFile));
});

test('text is a key only if it is the base64 of 32 bytes, and an error never repeats it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 60 }), (text) => {
      const bytes = Buffer.from(text, 'base64');
      const isComment = text.split('\n').every((line) => line.trim() === '' || line.trim().startsWith('#'));
      fc.pre(!isComment && !text.includes('\n') && (bytes.length !== 32 || bytes.toString('base64') !== text.trim()));
      // The whole message, so that nothing of the text can be in it.
      expect(() => parseKeys(text, 'the file')).toThrow(
        expect.objectContaining({ code: 'invalid_config', message: 'the file must hold the base64 text of 32 bytes' }),
      );
    }),
  );
});
