// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
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

const HEADER = Buffer.from('Content-Disposition: form-data; name="f"; filename="a"\r\n\r\n');

/** Its parts as they are read by one who takes a while for each piece. */
async function slowlyRead(body: AsyncIterable<Uint8Array>): Promise<readonly Buffer[]> {
  const files: Buffer[] = [];
  await readParts(body, 'boundary', async (part) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body) {
      pieces.push(piece);
      await new Promise(setImmediate);
    }
    files.push(Buffer.concat(pieces));
  });
  return files;
}

function wholeForm(files: readonly Uint8Array[]): Buffer {
  const parts = files.map((file) => Buffer.concat([Buffer.from('--boundary\r\n'), HEADER, file, Buffer.from('\r\n')]));
  return Buffer.concat([...parts, Buffer.from('--boundary--\r\n')]);
}

test('a file ends with the piece that has the end of the form in it, however much of it is unread by then', async () => {
  const file = Buffer.alloc(200_000, 'x');
  async function* body(): AsyncGenerator<Uint8Array> {
    yield wholeForm([file]);
    yield Buffer.from('an epilogue, which is no part');
  }
  const [read, ...others] = await slowlyRead(body());
  expect([read?.equals(file), others]).toEqual([true, []]);
});

test('files come as they are, wherever their pieces are cut and whatever in them looks like a boundary', async () => {
  const text = fc.constantFrom('\r', '\n', '\r\n', '-', '\r\n--', '\r\n--boundar', '\r\n--b', 'x', 'z'.repeat(30_000));
  const file = fc.array(text, { maxLength: 12 }).map((texts) => Buffer.from(texts.join('')));
  const lengths = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 3 }), lengths, async (files, cuts) => {
      async function* body(): AsyncGenerator<Uint8Array> {
        const whole = wholeForm(files);
        for (let at = 0, cut = 0; at < whole.length; cut++) {
          const length = cuts[cut % cuts.length] ?? 1;
          yield whole.subarray(at, at + length);
          at += length;
        }
      }
      // Short enough for a counterexample to be read.
      const short = (all: readonly Buffer[]) =>
        all.map((each) => each.toString('latin1').replaceAll('z'.repeat(1_000), 'Z'));
      expect(short(await slowlyRead(body()))).toEqual(short(files));
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
