// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireLines } from './wire-lines.ts';

function wired(pieces: readonly Uint8Array[]) {
  const lines = new WireLines();
  const bytes = Buffer.concat([...pieces.map((piece) => lines.push(piece)), lines.end()]);
  return { bytes, problem: lines.problem };
}

test.each([
  ['a\nb\rc\r\nd', 'a\r\nb\r\nc\r\nd\r\n'],
  ['\r\r\n\n', '\r\n\r\n\r\n'],
  ['', ''],
  ['a\r', 'a\r\n'],
  ['ä\n', 'ä\r\n'],
])('%j becomes %j', (text, expected) => {
  expect(wired([Buffer.from(text)]).bytes.toString()).toBe(expected);
});

test('however bytes are cut into pieces, the lines are the same, and all ends are CRLF', () => {
  const octets = fc.array(fc.constantFrom(0x0d, 0x0a, 0x61, 0xff), { maxLength: 40 });
  fc.assert(
    fc.property(octets, fc.array(fc.nat(40), { maxLength: 5 }), (bytes, cuts) => {
      const whole = Uint8Array.from(bytes);
      const places = [0, ...cuts.filter((at) => at < whole.length).toSorted((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, index) => whole.subarray(places[index], end));
      const text = wired(pieces).bytes.toString('latin1');
      expect(text).toBe(wired([whole]).bytes.toString('latin1'));
      expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n|[^\n]$/);
      expect(text.split('\r\n').slice(0, -1)).toEqual(linesOf(Buffer.from(whole).toString('latin1')));
    }),
  );
});

/** What a reader takes for lines, whatever ends them. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

describe('what may not go on the wire is found,', () => {
  test.each([
    ['a line of 998 octets may', `${'x'.repeat(998)}\r\n`, null],
    ['one of 999 may not', `a\n${'x'.repeat(999)}\n`, 'line 2 is longer than 998 octets'],
    ['NUL', 'a\0', 'it contains NUL'],
  ])('%s', (_, text, problem) => {
    const half = text.length >> 1;
    const pieces = [Buffer.from(text.slice(0, half)), Buffer.from(text.slice(half))];
    expect(wired(pieces).problem).toBe(problem);
  });
});
