// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RelaxedBodyHash, relaxedBodyHash, relaxedField } from './dkim-canonical.ts';

const sha256 = (text: string): string => hash('sha256', text, 'base64');
/** RFC 6376 §3.4.4, rule by rule. */
const byTheLetter = (body: string): string => {
  let reduced = body.replace(/[ \t]+/g, ' ').replace(/ (?=\r\n|$)/g, '');
  while (reduced.endsWith('\r\n')) reduced = reduced.slice(0, -2);
  return reduced === '' ? '' : `${reduced}\r\n`;
};

/** CRLF lines, with what the rules are about at every place where pieces and steps may meet. */
const anyBody: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(' ', '\t', '\r\n', '\r\n\r\n', 'a', 'word ', ' \r\n', '  \t x'),
      fc.nat(9_000).map((length) => 'x'.repeat(length)),
      fc.nat(9_000).map((length) => ' '.repeat(length)),
      fc.nat(3_000).map((lines) => '\r\n'.repeat(lines)),
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

test('the example of RFC 6376 §3.4.5', () => {
  expect(relaxedField('A: X')).toBe('a:X');
  expect(relaxedField('B : Y\t\r\n\tZ  ')).toBe('b:Y Z');
  expect(relaxedBodyHash(Buffer.from(' C \r\nD \t E\r\n\r\n\r\n'))).toBe(sha256(' C\r\nD E\r\n'));
});

test('an empty field has a name and a colon', () => {
  expect(relaxedField('Subject:')).toBe('subject:');
  expect(relaxedField('Subject: \r\n ')).toBe('subject:');
});

describe('relaxedBodyHash', () => {
  test.each(['', '\r\n', '\r\n\r\n\r\n', ' \t\r\n \r\n'])('the body %j is empty', (body) => {
    expect(relaxedBodyHash(Buffer.from(body))).toBe(sha256(''));
  });

  test('a last line without its end is given one', () => {
    expect(relaxedBodyHash(Buffer.from('a'))).toBe(sha256('a\r\n'));
  });

  test('it follows the rules for any lines, however long', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        expect(relaxedBodyHash(Buffer.from(body))).toBe(sha256(byTheLetter(body)));
      }),
      { numRuns: 300 },
    );
  });

  test('it is the same in whatever pieces the body comes', () => {
    fc.assert(
      fc.property(anyBody, fc.array(fc.nat(6_000), { maxLength: 12 }), (body, lengths) => {
        const octets = Buffer.from(body);
        const hash = new RelaxedBodyHash();
        let at = 0;
        for (const length of lengths) {
          hash.update(octets.subarray(at, at + length));
          at += length;
        }
        expect(hash.update(octets.subarray(at)).digest()).toBe(sha256(byTheLetter(body)));
      }),
      { numRuns: 300 },
    );
  });

  test.each([' C \r\nD \t E\r\n\r\n\r\n', '\r\n\r\na', 'a \r\n \r\n', ' \t '])('%j comes octet by octet', (body) => {
    const hash = new RelaxedBodyHash();
    for (const octet of Buffer.from(body)) hash.update(Buffer.of(octet));
    expect(hash.digest()).toBe(sha256(byTheLetter(body)));
  });
});
