// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createUploads } from './uploads.ts';

const uploads = createUploads({ maxBytes: 10, maxMessageBytes: 15 });

async function* bodyOf(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

test('an upload is what was sent, with its hashes, as often as it is read', async () => {
  await using file = await uploads.take(bodyOf('abc', '', 'def'));
  expect((await buffer(file.read())).toString()).toBe('abcdef');
  expect((await buffer(file.read())).toString()).toBe('abcdef');
  const hash = (name: string) => createHash(name).update('abcdef').digest('hex');
  expect([file.size, file.md5, file.sha256]).toEqual([6, hash('md5'), hash('sha256')]);
});

describe('an upload is refused at the first byte too many', () => {
  test.each([
    ['of a file', undefined, 10],
    ['of all files', 5, 15],
    ['where nothing is left', 0, 15],
  ])('%s', async (_, roomBytes, maxBytes) => {
    let isLeft = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from('xx');
      } finally {
        isLeft = true;
      }
    }
    const refused = uploads.take(endless(), roomBytes);
    await expect(refused).rejects.toMatchObject({ code: 'body_too_large', extra: { max_bytes: maxBytes } });
    expect(isLeft).toBe(true);
  });
});
