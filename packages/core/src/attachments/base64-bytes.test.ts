// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Base64Bytes } from './base64-bytes.ts';

/** A text in pieces of the given sizes, the last of which goes on to its end. */
function inPieces(text: string, sizes: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const pieces: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(start, start + size));
    start += size;
  }
  return [...pieces, bytes.subarray(start)];
}

/** Around the length of what is decoded in one go, too. */
const someBytes = fc
  .record({
    length: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 12_280, max: 12_300 })),
    step: fc.nat(255),
  })
  .map(({ length, step }) => Uint8Array.from({ length }, (_, index) => index * step + (index >> 8)));
const sizes = fc.array(fc.nat(20), { maxLength: 10 });

test('whatever the pieces, the bytes are those of the text, in memory of their own, and the text comes back', () => {
  fc.assert(
    fc.property(someBytes, sizes, (bytes, cuts) => {
      const text = Buffer.from(bytes).toString('base64');
      const decoded = Base64Bytes.decode(inPieces(text, cuts));
      expect(decoded?.bytes.buffer.byteLength).toBe(bytes.byteLength);
      expect(Buffer.compare(decoded?.bytes ?? Buffer.alloc(0), bytes)).toBe(0);
      expect(String(decoded)).toBe(`base64:${text}`);
      expect(JSON.stringify({ decoded })).toBe(JSON.stringify({ decoded: `base64:${text}` }));
    }),
  );
});

test('a text that is not the one way to write its bytes is left to those who read text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 16 }), sizes, (text, cuts) => {
      const isOnlyWay = text !== '' && Buffer.from(text, 'base64').toString('base64') === text;
      expect(Base64Bytes.decode(inPieces(text, cuts)) !== null).toBe(isOnlyWay);
    }),
  );
});

test.each([
  ['nothing', ''],
  ['too few letters', 'AAA'],
  ['padding within', 'AA==AAAA'],
  ['bits behind the last byte', 'AB=='],
  ['bits behind the last two bytes', 'AAB='],
  ['letters of URLs', 'AA-_'],
  ['a space', 'AAAA AAA'],
  ['an escaped line break', `${'A'.repeat(76)}\\n${'A'.repeat(78)}`],
  ['only padding', '===='],
  ['three of padding', 'A==='],
])('%s', (_, text) => {
  expect(Base64Bytes.decode([Buffer.from(text)])).toBeNull();
});

test('a stranger anywhere in a long text is found', () => {
  const text = Buffer.alloc(30_000, 'Test').toString();
  // At its end one of them is padding.
  const place = fc.nat(text.length - 3);
  fc.assert(
    fc.property(place, fc.constantFrom('=', '-', '_', ' ', '\\', '\u0000', 'é', '\u00ff', '.'), (at, stranger) => {
      expect(Base64Bytes.decode([Buffer.from(text.slice(0, at) + stranger + text.slice(at + 1), 'latin1')])).toBeNull();
    }),
  );
});
