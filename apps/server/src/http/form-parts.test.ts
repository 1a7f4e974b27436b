// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { readParts } from './form-parts.ts';

const PIECE = new Uint8Array(65_536).fill(0x78);

/** A form with one file; counts the bytes that were asked for. */
function formOf(pieces: number) {
  const asked = { bytes: 0 };
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n');
    for (let count = 0; count < pieces; count++) {
      asked.bytes += PIECE.length;
      yield PIECE;
    }
    yield Buffer.from('\r\n--b--\r\n');
  }
  return { asked, body: body() };
}

test('a file of forty megabytes is never ahead of its reader by more than some pieces', async () => {
  const { asked, body } = formOf(640);
  let read = 0;
  let ahead = 0;
  await readParts(body, 'b', async (part) => {
    for await (const piece of part.body) {
      read += piece.byteLength;
      // As a slow disk would take it.
      await new Promise(setImmediate);
      ahead = Math.max(ahead, asked.bytes - read);
    }
  });
  expect(read).toBe(640 * PIECE.length);
  expect(ahead).toBeLessThanOrEqual(8 * PIECE.length);
});

test('nothing is read behind a failure, and a part that is being read ends', async () => {
  const { asked, body } = formOf(1_000);
  const failure = new Error('enough');
  await expect(
    readParts(body, 'b', async (part) => {
      for await (const _piece of part.body) throw failure;
    }),
  ).rejects.toBe(failure);
  const { bytes } = asked;
  await new Promise(setImmediate);
  expect([asked.bytes, bytes <= 8 * PIECE.length]).toEqual([bytes, true]);
});

test('a body that breaks off breaks off the part that is being read', async () => {
  const gone = new Error('gone');
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx');
    throw gone;
  }
  let ended: unknown;
  const reading = readParts(body(), 'b', async (part) => {
    try {
      for await (const _piece of part.body);
    } catch (error) {
      ended = error;
      throw error;
    }
  });
  await expect(reading).rejects.toBe(gone);
  expect(ended).toMatchObject({ cause: gone });
});
