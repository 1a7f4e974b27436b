// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failAt, piecesOf, TestSource } from '../byte-source.case.ts';
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES } from '../dot-stuffing.ts';
import { base64LinesBytes, encodeBase64Lines, encodeBase64Source } from './base64-lines.ts';

describe('encodeBase64Lines', () => {
  test.each([0, 1, 56, 57, 58, 114, 57 * 1_024, 57 * 1_024 + 1, 150_000])(
    '%i octets come back from lines of 76',
    (size) => {
      const octets = Buffer.alloc(size, 'any bytes ');
      const lines = encodeBase64Lines(octets).toString().split('\r\n');
      expect(lines.slice(0, -1).every((line) => line.length === 76)).toBe(true);
      expect(lines.at(-1)?.length).toBeLessThanOrEqual(76);
      expect(Buffer.from(lines.join(''), 'base64').equals(octets)).toBe(true);
      expect(base64LinesBytes(size)).toBe(lines.join('\r\n').length);
    },
  );

  test('a view into a larger buffer gives its own octets only', () => {
    const octets = new Uint8Array(Buffer.from('xxhello yy')).subarray(2, 7);
    expect(encodeBase64Lines(octets).toString()).toBe(Buffer.from('hello').toString('base64'));
  });
});

describe('encodeBase64Source', () => {
  const encode = (source: ByteSource): Promise<readonly Buffer[]> => piecesOf(encodeBase64Source(source));

  test('in whatever pieces it comes, a source is encoded as it is as a whole', async () => {
    const octets = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) >> 5));
    await fc.assert(
      fc.asyncProperty(fc.nat(200_000), fc.array(fc.nat(90_000), { maxLength: 8 }), async (size, lengths) => {
        const whole = octets.subarray(0, size);
        const source: ByteSource = {
          sizeBytes: size,
          async *read() {
            let at = 0;
            for (const length of lengths) {
              yield whole.subarray(at, at + length);
              at += length;
            }
            yield whole.subarray(at);
          },
        };
        const encoded = Buffer.concat(await encode(source));
        expect(encoded.equals(encodeBase64Lines(whole))).toBe(true);
      }),
    );
  });

  test.each([0, 1, 56, 57, 58, 262_200])(
    '%i octets that come one by one, or all at once, are the same',
    async (size) => {
      const octets = Buffer.alloc(size, 'some octets');
      for (const pieceBytes of [size > 1_000 ? 997 : 1, size + 1]) {
        const encoded = Buffer.concat(await encode(new TestSource(octets, { pieceBytes })));
        expect(encoded.equals(encodeBase64Lines(octets))).toBe(true);
      }
    },
  );

  test('a piece is used up before the next one is asked for, so that a source may reuse its buffer', async () => {
    const octets = Buffer.alloc(120_000, 'some octets');
    const source: ByteSource = {
      sizeBytes: octets.length,
      async *read() {
        const piece = Buffer.alloc(1_000);
        for (let at = 0; at < octets.length; at += piece.length) {
          octets.copy(piece, 0, at);
          yield piece;
        }
      },
    };
    expect(Buffer.concat(await encode(source)).equals(encodeBase64Lines(octets))).toBe(true);
  });

  test('each block but the last fills the buffer of a socket, however small or large the pieces are', async () => {
    for (const pieceBytes of [100, 500_000]) {
      const blocks = await encode(new TestSource(Buffer.alloc(500_000), { pieceBytes }));
      const sizes = new Set(blocks.slice(1, -1).map(({ length }) => length));
      expect(sizes.size).toBe(1);
      const [size = 0] = sizes;
      expect(size).toBeGreaterThanOrEqual(CHUNK_BYTES);
      expect(size).toBeLessThan(CHUNK_BYTES + 78);
    }
  });

  test.each([
    ['less', 999, 'a source of 1000 bytes ended after 999'],
    ['nothing', 0, 'a source of 1000 bytes ended after 0'],
    ['more', 1_001, 'a source of 1000 bytes gave more'],
  ])('a source that gives %s than it said is an error, and is closed', async (_, bytes, message) => {
    const source = new TestSource(Buffer.alloc(bytes), { sizeBytes: 1_000, pieceBytes: 100 });
    await expect(encode(source)).rejects.toThrow(message);
    expect(source).toMatchObject({ readings: 1, open: 0 });
  });

  test('what a source throws comes as it is', async () => {
    const failed = new Error('the disk is gone');
    const beforePiece = (at: number) => failAt(at, 200, failed);
    await expect(encode(new TestSource(Buffer.alloc(300), { pieceBytes: 100, beforePiece }))).rejects.toBe(failed);
  });

  test('one that is not read to its end is closed', async () => {
    const source = new TestSource(Buffer.alloc(500_000), { pieceBytes: 100_000 });
    for await (const _ of encodeBase64Source(source)) break;
    expect(source).toMatchObject({ readings: 1, open: 0, givenBytes: 100_000 });
  });
});
