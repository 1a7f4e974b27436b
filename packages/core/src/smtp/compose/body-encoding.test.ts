// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64LinesBytes } from './base64-lines.ts';
import { encodeTextBody } from './body-encoding.ts';
import { encodeQuotedPrintable } from './quoted-printable.ts';

const TABOO = '=_0123456789abcdef';
const encoded = (text: string) => {
  const { encoding, content } = encodeTextBody(text, TABOO);
  return { encoding, content: content.toString() };
};

describe('encodeTextBody', () => {
  test.each([
    ['short lines', 'one\ntwo\n', 'one\r\ntwo\r\n'],
    ['nothing', '', ''],
    ['a tab inside a line', 'a\tb', 'a\tb'],
    ['a line of 76', 'x'.repeat(76), 'x'.repeat(76)],
    ['dots, which the session stuffs', '.\n..\n', '.\r\n..\r\n'],
    ['old Macintosh lines', 'a\rb', 'a\r\nb'],
  ])('%s go as 7bit', (_what, text, content) => {
    expect(encoded(text)).toEqual({ encoding: '7bit', content });
  });

  test.each([
    ['a line of 77', 'x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
    ['a space at the end of a line', 'a \nb', 'a=20\r\nb'],
    ['a tab at the end', 'a\t', 'a=09'],
    ['NUL', 'some words\0b', 'some words=00b'],
    ['a form feed', 'some words\fb', 'some words=0Cb'],
    ['DEL', 'some words\x7fb', 'some words=7Fb'],
    ['an accent', 'domani perché no', 'domani perch=C3=A9 no'],
    ['the mark of the boundaries', `a ${TABOO}`, 'a =3D_0123456789abcdef'],
  ])('%s makes it quoted-printable', (_what, text, content) => {
    expect(encoded(text)).toEqual({ encoding: 'quoted-printable', content });
  });

  test('base64 is chosen where it is shorter', () => {
    expect(encoded('你好')).toEqual({ encoding: 'base64', content: Buffer.from('你好').toString('base64') });
    expect(encoded('a naïve sentence').encoding).toBe('quoted-printable');
  });

  test('quoted-printable is chosen exactly where it is no longer than base64 of the text', () => {
    const unit = fc.constantFrom('word ', 'x', '\n', '=', '\0', 'è', '雪', '😀', '\ud800');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (units) => {
        const octets = Buffer.from(units.join(''));
        const { encoding } = encoded(units.join(''));
        if (encoding === '7bit') return;
        const readable = encodeQuotedPrintable(octets, octets.length * 6);
        const isShorter = Number(readable?.length) <= base64LinesBytes(octets.length);
        expect(encoding).toBe(isShorter ? 'quoted-printable' : 'base64');
      }),
      { numRuns: 500 },
    );
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
    '\r\n\0.\r\n',
    '\r\n.\n',
    '\r\n.\r\n',
  ])('the would-be end of data %j leaves no bare CR, LF or NUL', (sequence) => {
    for (const text of [`before${sequence}MAIL FROM:<x@example.com>`, `è${sequence}after`]) {
      expect(encoded(text).content.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
    }
  });

  test('any text comes back from its encoding, in ASCII lines of at most 76', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', '=', '.', '\0', 'è', '雪', 'word '),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const text = units.join('');
        const { encoding, content } = encoded(text);
        expect(content.replaceAll('\r\n', '')).toMatch(/^[\t\x20-\x7e]*$/);
        expect(Math.max(...content.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76);
        expect(content).not.toMatch(/[ \t](?:\r\n|$)/);
        expect(decode(encoding, content)).toBe(text.replace(/\r\n|\r|\n/g, '\r\n'));
      }),
    );
  });
});

function decode(encoding: string, content: string): string {
  if (encoding === '7bit') return content;
  if (encoding === 'base64') return Buffer.from(content, 'base64').toString();
  const octets = content
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1').toString();
}
