// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasNonAscii, parseAddress } from './address.ts';

describe('parseAddress', () => {
  test.each([
    'mario.rossi@example.com',
    'a+tag/x={y}@example.com',
    'MiXed@example.com',
    '"mario rossi"@example.com',
    '"a@b"@example.com',
    '"back\\\\slash and \\" quote"@example.com',
    'josé@example.com',
    '用户@example.com',
    '"λ quoted"@example.com',
    'jose\u0301@example.com',
    `${'a'.repeat(64)}@example.com`,
    'root@[192.0.2.7]',
  ])('%s is returned exactly as given', (address) => {
    expect(parseAddress(address)).toEqual({ ok: true, address });
  });

  test('a quoted @ never decides the domain', () => {
    expect(parseAddress('"x@evil.example y"@good.example')).toEqual({
      ok: true,
      address: '"x@evil.example y"@good.example',
    });
    expect(parseAddress('x@evil.example y@good.example')).toMatchObject({ ok: false });
    expect(parseAddress('a@[x@evil.example]')).toMatchObject({ ok: false });
  });

  test('only the domain is converted to ASCII', () => {
    expect(parseAddress('josé@bücher.example')).toEqual({ ok: true, address: 'josé@xn--bcher-kva.example' });
  });

  test.each([
    ['nothing', ''],
    ['no @', 'example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'mario@'],
    ['two @', 'a@b@example.com'],
    ['a dot at the start', '.a@example.com'],
    ['a dot at the end', 'a.@example.com'],
    ['two dots', 'a..b@example.com'],
    ['a space', 'a b@example.com'],
    ['a space around the @', 'a @example.com'],
    ['a space at the end', 'a@example.com '],
    ['a comment', 'a(work)@example.com'],
    ['angle brackets', '<a@example.com>'],
    ['a comma', 'a,b@example.com'],
    ['a semicolon', 'a;b@example.com'],
    ['an open quote', '"a@example.com'],
    ['text beside a quoted string', '"a"b@example.com'],
    ['words of the obsolete grammar', '"a".b@example.com'],
    ['an empty quoted string', '""@example.com'],
    ['CR and LF', 'a@example.com\r\nRCPT TO:<b@example.com>'],
    ['LF in quotes', '"a\nb"@example.com'],
    ['NUL in quotes', '"a\0b"@example.com'],
    ['TAB in quotes', '"a\tb"@example.com'],
    ['a quoted pair that is not ASCII', '"\\é"@example.com'],
    ['a local part of 65 octets', `${'a'.repeat(65)}@example.com`],
    ['a local part of 65 octets in UTF-8', `${'é'.repeat(32)}a@example.com`],
    ['255 octets', `a@${`${'a'.repeat(62)}.`.repeat(4)}b`],
    ['an invisible character', 'a\u200bb@example.com'],
    ['a bidi override', 'a\u202eb@example.com'],
    ['a no-break space', 'a\u00a0b@example.com'],
    ['a line separator', 'a\u2028b@example.com'],
    ['a C1 control', 'a\u0085b@example.com'],
    ['a private character', 'a\ue000@example.com'],
    ['a lone surrogate', 'a\ud800@example.com'],
    ['a combining mark at the start', '\u0301a@example.com'],
    ['a character that normalises to a semicolon', 'a\u037eb@example.com'],
    ['1,001 characters', `${'a'.repeat(990)}@example.com`],
  ])('%s is refused', (_what, address) => {
    expect(parseAddress(address)).toMatchObject({ ok: false });
  });

  test('whatever comes in, an accepted address keeps its local part and is short, printable and free of angle brackets outside quotes', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '@',
      '"',
      '\\',
      ' ',
      '<',
      '>',
      ',',
      '(',
      ')',
      '[',
      ']',
      'é',
      '\u0301',
      '\r',
      '\n',
      '\0',
      'b.example',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        const result = parseAddress(text);
        if (!result.ok) return;
        const { address } = result;
        expect(address).not.toMatch(/\p{Cc}/u);
        expect(Buffer.byteLength(address)).toBeLessThanOrEqual(254);
        const at = address.lastIndexOf('@');
        expect(text.startsWith(address.slice(0, at + 1))).toBe(true);
        expect(address.slice(at + 1)).not.toMatch(/[^\x21-\x7e]|[<>,"]/);
        expect(address.slice(0, at)).toMatch(/^(?:".*"|[^\s"<>,;:()[\]\\@]+)$/);
      }),
      { numRuns: 5_000 },
    );
  });
});

test('hasNonAscii sees what only UTF-8 can carry', () => {
  expect(hasNonAscii('a~@example.com')).toBe(false);
  expect(hasNonAscii('é@example.com')).toBe(true);
  expect(hasNonAscii('😀@example.com')).toBe(true);
});
