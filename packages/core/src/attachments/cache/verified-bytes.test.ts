// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifiedBytes } from './verified-bytes.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });

async function* each(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list;
}

const expected = (bytes: Uint8Array) => ({
  sizeBytes: bytes.length,
  sha256: hash('sha256', bytes),
  md5: hash('md5', bytes),
});

const lost = expect.objectContaining({ code: 'cached_content_lost' });

test('the right bytes come through, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (list) => {
      const bytes = Buffer.concat(list);
      expect(await buffer(verifiedBytes(each(list), expected(bytes)))).toEqual(bytes);
    }),
  );
});

test('of other bytes there are always fewer than of the right ones, and then the error', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, pieces, async (right, other) => {
      const bytes = Buffer.concat(right);
      fc.pre(!bytes.equals(Buffer.concat(other)));
      let seenBytes = 0;
      const reading = (async () => {
        for await (const piece of verifiedBytes(each(other), expected(bytes))) seenBytes += piece.length;
      })();
      await expect(reading).rejects.toEqual(lost);
      expect(seenBytes).toBeLessThanOrEqual(Math.max(0, bytes.length - 1));
    }),
  );
});

test('a wrong MD5 counts where one is given', async () => {
  const bytes = Buffer.from('content');
  const { md5, ...withoutMd5 } = expected(bytes);
  await expect(buffer(verifiedBytes(each([bytes]), { ...withoutMd5, md5: `0${md5.slice(1)}` }))).rejects.toEqual(lost);
  expect(await buffer(verifiedBytes(each([bytes]), withoutMd5))).toEqual(bytes);
});

test('too many bytes end the reading at once', async () => {
  let pulled = 0;
  const endless = (async function* () {
    for (;;) {
      pulled += 1;
      yield new Uint8Array(10);
    }
  })();
  await expect(buffer(verifiedBytes(endless, expected(new Uint8Array(25))))).rejects.toEqual(lost);
  expect(pulled).toBe(3);
});
