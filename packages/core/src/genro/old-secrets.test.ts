// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyIdOf } from '../secrets/key-text.ts';
import { createOldSecrets, genroKeyOfText, readGenroKey } from './old-secrets.ts';

/** `smtp-p4ss ü`, sealed by the library that the original used, with a key of 32 bytes of 0x07 and a nonce of 12 of 0x01. */
const SEALED = 'ENC:AQEBAQEBAQEBAQEBBYz9x73P2H2i9B+d4wUMEjjgR6LzZRrA3bU2zw==';
const KEY = Buffer.alloc(32, 7);

test('what the original sealed opens with its key, and with no other', () => {
  const opened = createOldSecrets(createSecretKey(KEY)).open(SEALED);
  expect(opened).toEqual({ kind: 'plain', text: 'smtp-p4ss ü' });
  for (const key of [createSecretKey(Buffer.alloc(32, 8)), null]) {
    expect(createOldSecrets(key).open(SEALED)).toEqual({ kind: 'unreadable' });
  }
  const altered = `${SEALED.slice(0, -4)}AAAA`;
  expect(createOldSecrets(createSecretKey(KEY)).open(altered)).toEqual({ kind: 'unreadable' });
});

test.for(['plain', 'ENC:', 'ENC:short', 'ENC:no base64 at all, however long this text may be', ''])(
  '%j was stored as it is',
  (text) => {
    expect(createOldSecrets(createSecretKey(KEY)).open(text)).toEqual({ kind: 'plain', text });
  },
);

test('a key is given as the original took it: base64 of 32 bytes, or a file with the bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'old-key-'));
  try {
    const id = keyIdOf(createSecretKey(KEY));
    expect(keyIdOf(genroKeyOfText(`${KEY.toString('base64')}\n`, 'KEY'))).toBe(id);
    // Also one whose bytes look like white space at the ends, which the original did not take.
    for (const bytes of [KEY, Buffer.alloc(32, 0x20), `${KEY.toString('base64')}\n`]) {
      await writeFile(join(folder, 'key'), bytes);
      expect(keyIdOf(await readGenroKey(join(folder, 'key')))).toMatch(/^[0-9a-f]{8}$/);
    }
    await writeFile(join(folder, 'key'), 'too short');
    await expect(readGenroKey(join(folder, 'key'))).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(readGenroKey(join(folder, 'absent'))).rejects.toMatchObject({ code: 'invalid_config' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
