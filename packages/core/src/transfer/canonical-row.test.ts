// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalRow, parseRow } from './canonical-row.ts';

const table = {
  name: 'things',
  columns: [
    { name: 'words', kind: 'text' },
    { name: 'count', kind: 'integer' },
    { name: 'share', kind: 'real' },
    { name: 'blob', kind: 'bytes' },
  ],
} as const;

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

describe('a row', () => {
  test('is one line, and comes back from it exactly', () => {
    const row = fc.record({
      words: orNull(fc.string({ unit: 'grapheme' })),
      count: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      share: orNull(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
      blob: orNull(fc.uint8Array()),
    });
    fc.assert(
      fc.property(row, ({ words, count, share, blob }) => {
        const line = canonicalRow(table, { words, count: count === null ? null : String(count), share, blob });
        expect(line).not.toContain('\n');
        const [word, number, fraction, bytes] = parseRow(table.columns, line) ?? [];
        expect(word).toBe(words);
        expect(number === null ? null : BigInt(String(number))).toBe(count);
        expect(fraction).toBe(share);
        expect(bytes === null ? null : Buffer.from(bytes as Uint8Array).toString('hex')).toBe(
          blob === null ? null : Buffer.from(blob).toString('hex'),
        );
      }),
    );
  });

  test('with a value that its column does not allow is refused, not changed', () => {
    const row = { words: 'x', count: '1.5', share: 0, blob: null };
    expect(() => canonicalRow(table, row)).toThrow('things.count holds a value that is no integer');
  });

  test.for([
    ['cut short', '["x",1,0.5'],
    ['of another table', '["x",1]'],
    ['with a number for a text', '[1,1,0.5,null]'],
    ['with a fraction for an integer', '["x",1.5,0.5,null]'],
    ['with a number that lost digits', '["x",9007199254740993,0.5,null]'],
    ['with bytes that are no base64', '["x",1,0.5,"a"]'],
  ])('%s is no row', ([, line]) => {
    expect(parseRow(table.columns, line ?? '')).toBeNull();
  });
});
