// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { encodeQuotedPrintable } from './quoted-printable.ts';

/** More than any text becomes: each octet escaped alone in its line. */
const encoded = (text: string): string => {
  const octets = Buffer.from(text);
  return String(encodeQuotedPrintable(octets, octets.length * 6));
};

describe('encodeQuotedPrintable', () => {
  test.each([
    ['nothing', '', ''],
    ['printable ASCII', 'a\t~ !', 'a\t~ !'],
    ['an equals sign', 'a=b', 'a=3Db'],
    ['control characters', '\0\r\x1f\x7f', '=00=0D=1F=7F'],
    ['a line end', '\na\n\n', '\r\na\r\n\r\n'],
    ['white space before a line end', 'a  \nb\t\n', 'a =20\r\nb=09\r\n'],
    ['white space at the end', ' ', '=20'],
    ['a line of 76', `${'x'.repeat(76)}\n=`, `${'x'.repeat(76)}\r\n=3D`],
    ['a line of 77', 'x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
    ['an escape that ends a line of 76', `${'x'.repeat(73)}=\n`, `${'x'.repeat(73)}=3D\r\n`],
    ['an escape that goes on at 76', `${'x'.repeat(73)}=a`, `${'x'.repeat(73)}=\r\n=3Da`],
    ['a space that is escaped at 76', `${'x'.repeat(73)} \n`, `${'x'.repeat(73)}=20\r\n`],
    ['a space that is escaped at 77', `${'x'.repeat(74)} \n`, `${'x'.repeat(74)}=\r\n=20\r\n`],
    ['a space at 76', `${'x'.repeat(75)} \n`, `${'x'.repeat(75)}=\r\n=20\r\n`],
    ['a character that does not fit', `${'x'.repeat(68)}雪x`, `${'x'.repeat(68)}=\r\n=E9=9B=AAx`],
    ['a character that fits', `${'x'.repeat(66)}雪xx`, `${'x'.repeat(66)}=E9=9B=AA=\r\nxx`],
  ])('%s', (_what, text, expected) => {
    expect(encoded(text)).toBe(expected);
  });

  const text = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.constantFrom('\n', ' ', '\t', '=', '\0', '\r', 'è', '雪', '😀', 'word '),
        fc.integer({ min: 60, max: 80 }).map((length) => 'x'.repeat(length)),
      ),
      { maxLength: 20 },
    )
    .map((pieces) => pieces.join(''));

  test('any text keeps the rules of RFC 2045 and is divided between characters only', () => {
    fc.assert(
      fc.property(text, (text) => {
        const lines = encoded(text).split('\r\n');
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(76);
          expect(line).toMatch(/^(?:[\t\x20-\x3c\x3e-\x7e]|=[0-9A-F]{2})*(?:=|(?<![\t ]))$/);
          expect(() => new TextDecoder('utf-8', { fatal: true }).decode(decodeLine(line, 0, lines))).not.toThrow();
        }
        expect(Buffer.concat(lines.flatMap(decodeLine)).toString()).toBe(text.replaceAll('\n', '\r\n'));
      }),
      { numRuns: 300 },
    );
  });

  test('another reader finds the same text', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        // It shows each line end as LF, adds one at the end, and drops a byte order mark.
        const shown = text.replaceAll('\ufeff', '').replaceAll('\r', '');
        const head = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
        const email = await PostalMime.parse(`${head}${encoded(shown)}`);
        expect((email.text ?? '').replace(/\n$/, '')).toBe(shown.replace(/\n$/, ''));
      }),
      { numRuns: 300 },
    );
  });

  test('what would be longer than the limit is given up, and nothing shorter', () => {
    fc.assert(
      fc.property(text, (text) => {
        const all = encoded(text);
        expect(String(encodeQuotedPrintable(Buffer.from(text), all.length))).toBe(all);
        if (all !== '') expect(encodeQuotedPrintable(Buffer.from(text), all.length - 1)).toBeNull();
      }),
    );
  });
});

/** The octets of a line, with its CRLF unless it ends softly; the last one has none, either. */
function decodeLine(line: string, index: number, lines: readonly string[]): Buffer {
  const ending = line.endsWith('=') || index === lines.length - 1 ? '' : '\r\n';
  const octets = line
    .replace(/=$/, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets + ending, 'latin1');
}
