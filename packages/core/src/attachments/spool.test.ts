// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFilesBelow } from './open-files.case.ts';
import { SPOOL_MEMORY_BYTES, spool } from './spool.ts';

const PIECE_BYTES = 65_536;

async function* inPieces(content: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
}

const hash = (algorithm: string, content: Uint8Array): string => createHash(algorithm).update(content).digest('hex');

const NEVER = new AbortController().signal;
const options = (dir: string) => ({ dir, maxBytes: 10_000_000, signal: NEVER });

describe('what was spooled', () => {
  test.each([0, 1, PIECE_BYTES, SPOOL_MEMORY_BYTES, SPOOL_MEMORY_BYTES + 1, 1_000_000])(
    'is the %i bytes that came, with their hashes, as often as wanted and to several readers at once',
    async (bytes) => {
      using dir = tempDir();
      const content = randomBytes(bytes);
      await using spooled = await spool(inPieces(content, 50_000), options(dir.path));
      expect(spooled).toMatchObject({
        sizeBytes: bytes,
        md5: hash('md5', content),
        sha256: hash('sha256', content),
      });
      const reads = await Promise.all([buffer(spooled.read()), buffer(spooled.read())]);
      for (const read of [...reads, await buffer(spooled.read())]) expect(read.equals(content)).toBe(true);
      expect(readdirSync(dir.path)).toEqual([]);
    },
  );

  test('is the same whatever the pieces were', async () => {
    using dir = tempDir();
    const content = randomBytes(400_000);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: content.length }),
        fc.integer({ min: 500, max: 300_000 }),
        async (length, pieceBytes) => {
          const part = content.subarray(0, length);
          await using spooled = await spool(inPieces(part, pieceBytes), options(dir.path));
          expect((await buffer(spooled.read())).equals(part)).toBe(true);
          expect(spooled.sha256).toBe(hash('sha256', part));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('comes in pieces of at most 64 KiB', async () => {
    using dir = tempDir();
    for (const bytes of [200_000, 500_000]) {
      await using spooled = await spool(inPieces(Buffer.alloc(bytes), bytes), options(dir.path));
      for await (const piece of spooled.read()) expect(piece.byteLength).toBeLessThanOrEqual(PIECE_BYTES);
    }
  });

  test('is not what its source makes of a piece later', async () => {
    using dir = tempDir();
    async function* reusing(): AsyncGenerator<Uint8Array> {
      const piece = Buffer.alloc(3);
      for (const text of ['abc', 'def']) {
        piece.write(text);
        yield piece;
      }
    }
    await using spooled = await spool(reusing(), options(dir.path));
    expect((await buffer(spooled.read())).toString()).toBe('abcdef');
  });
});

describe('too many bytes', () => {
  test('fail for good, and as many as may come do not', async () => {
    using dir = tempDir();
    for (const bytes of [1_000, 500_000]) {
      await using spooled = await spool(inPieces(Buffer.alloc(bytes), 300), { ...options(dir.path), maxBytes: bytes });
      expect(spooled.sizeBytes).toBe(bytes);
      const more = spool(inPieces(Buffer.alloc(bytes + 1), 300), { ...options(dir.path), maxBytes: bytes });
      await expect(more).rejects.toMatchObject({
        code: 'too_large',
        permanence: 'permanent',
        reason: `it is larger than ${bytes} bytes`,
      });
    }
  });

  test('end a body without an end, which is closed', async () => {
    using dir = tempDir();
    let isClosed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(1_000);
      } finally {
        isClosed = true;
      }
    }
    await expect(spool(endless(), options(dir.path))).rejects.toMatchObject({ code: 'too_large' });
    expect(isClosed).toBe(true);
  });
});

describe('a body', () => {
  test('that fails is thrown as it failed', async () => {
    using dir = tempDir();
    const failure = new Error('broken');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(400_000);
      throw failure;
    }
    await expect(spool(broken(), options(dir.path))).rejects.toBe(failure);
    expect(openFilesBelow(dir.path)).toEqual([]);
  });

  test('that hangs is left when the signal aborts, whatever it waits for', async () => {
    using dir = tempDir();
    const stop = new AbortController();
    const hangs = Promise.withResolvers<void>();
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(400_000);
      hangs.resolve();
      await new Promise(() => undefined);
    }
    const spooling = spool(hanging(), { ...options(dir.path), signal: stop.signal });
    await hangs.promise;
    const reason = new Error('given up');
    stop.abort(reason);
    await expect(spooling).rejects.toBe(reason);
    expect(openFilesBelow(dir.path)).toEqual([]);
  });
});

test('a folder that is not there is trouble for now, and no trouble for what is small', async () => {
  using dir = tempDir();
  const missing = options(dir.file('missing'));
  await using spooled = await spool(inPieces(Buffer.alloc(1_000), 1_000), missing);
  expect(spooled.sizeBytes).toBe(1_000);
  await expect(spool(inPieces(Buffer.alloc(400_000), 1_000), missing)).rejects.toMatchObject({
    code: 'not_kept',
    permanence: 'temporary',
    reason: 'no temporary file of it can be used: ENOENT',
  });
});
