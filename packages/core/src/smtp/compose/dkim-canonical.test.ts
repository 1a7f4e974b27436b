// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { relaxedBodyHash, relaxedField } from './dkim-canonical.ts';

const sha256 = (text: string): string => hash('sha256', text, 'base64');
/** RFC 6376 §3.4.4, rule by rule. */
const byTheLetter = (body: string): string => {
  const reduced = body
    .replace(/[ \t]+/g, ' ')
    .replace(/ (?=\r\n|$)/g, '')
    .replace(/(?:\r\n)+$/, '');
  return reduced === '' ? '' : `${reduced}\r\n`;
};

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
    const piece = fc.oneof(
      fc.constantFrom(' ', '\t', '\r\n', '\r\n\r\n', 'a', 'word ', ' \r\n', '  \t x'),
      fc.nat(9_000).map((length) => 'x'.repeat(length)),
      fc.nat(9_000).map((length) => ' '.repeat(length)),
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const body = pieces.join('');
        expect(relaxedBodyHash(Buffer.from(body))).toBe(sha256(byTheLetter(body)));
      }),
      { numRuns: 500 },
    );
  });
});
