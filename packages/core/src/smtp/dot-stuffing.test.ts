// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, endsWithLineBreak, stuffDots } from './dot-stuffing.ts';

function stuff(body: string, chunkBytes = CHUNK_BYTES): string {
  const bytes = Buffer.from(body, 'latin1');
  let stuffed = '';
  for (let from = 0; from < bytes.length; from += chunkBytes) {
    stuffed += stuffDots(bytes.subarray(from, from + chunkBytes), bytes[from - 1]).toString('latin1');
  }
  return stuffed;
}

/** What a relay does (RFC 5321 §4.5.2). */
function unstuff(wire: string): string {
  return wire.replace(/^\./, '').replaceAll('\r\n.', '\r\n');
}

describe('stuffDots', () => {
  test.each([
    ['', ''],
    ['.', '..'],
    ['.\r\n', '..\r\n'],
    ['a.b\r\nc.', 'a.b\r\nc.'],
    ['a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n'],
    ['a\r\n..\r\n...x\r\n.', 'a\r\n...\r\n....x\r\n..'],
    ['.a\r\n.b\r\n', '..a\r\n..b\r\n'],
  ])('%j becomes %j', (body, wanted) => {
    for (const chunkBytes of [1, 2, 3, 5, CHUNK_BYTES]) expect(stuff(body, chunkBytes)).toBe(wanted);
  });

  test.each([
    '\n.\n',
    '\n.\r',
    '\r.\n',
    '\r.\r',
    '\n.\r\n',
    '\r.\r\n',
    '\r\n.\r\r\n',
    '\r\r\n.\r\r\n',
    '\r\n.\n',
    '\r\n.\r\n',
  ])('no end of data is left in a body with %j, at whatever chunk boundary', (sequence) => {
    const body = `a${sequence}MAIL FROM:<b@c>`;
    for (const chunkBytes of [1, 2, 3, 4, 5, CHUNK_BYTES]) {
      expect(stuff(body, chunkBytes)).not.toMatch(/[\r\n]\.[\r\n]/);
    }
  });

  test('a body of CRLF lines always comes back whole, without an end of data in between', () => {
    const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '='), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (lines, chunkBytes) => {
        const body = lines.map((each) => `${each}\r\n`).join('');
        const wire = stuff(body, chunkBytes);
        expect(wire).not.toContain('\r\n.\r\n');
        expect(wire.startsWith('.\r\n')).toBe(false);
        expect(unstuff(wire)).toBe(body);
      }),
    );
  });

  test('a body without such dots is not copied', () => {
    const body = Buffer.from('no dots. at the\r\nstart of. lines\r\n');
    expect(stuffDots(body, undefined)).toBe(body);
  });
});

test.each([
  ['', true],
  ['a\r\n', true],
  ['\r\n', true],
  ['a', false],
  ['a\n', false],
  ['a\r', false],
])('endsWithLineBreak(%j) is %s', (body, wanted) => {
  expect(endsWithLineBreak(Buffer.from(body))).toBe(wanted);
});
