// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import emailAddresses from 'email-addresses';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMailbox, parseDisplayName, parseMailbox } from './mailbox.ts';

describe('parseMailbox', () => {
  test.each([
    ['a@example.com', '', 'a@example.com'],
    ['  a@example.com ', '', 'a@example.com'],
    ['<a@example.com>', '', 'a@example.com'],
    ['Mario Rossi <a@example.com>', 'Mario Rossi', 'a@example.com'],
    ['Mario<a@example.com>', 'Mario', 'a@example.com'],
    ['Mario   Rossi  <a@example.com>', 'Mario Rossi', 'a@example.com'],
    ['John Q. Public <a@example.com>', 'John Q. Public', 'a@example.com'],
    ['Zoë 雪 <a@bücher.example>', 'Zoë 雪', 'a@xn--bcher-kva.example'],
    ['"Rossi, Mario" <a@example.com>', 'Rossi, Mario', 'a@example.com'],
    ['"Acme (Italy)" <a@example.com>', 'Acme (Italy)', 'a@example.com'],
    ['"say \\"hi\\" \\\\" <a@example.com>', 'say "hi" \\', 'a@example.com'],
    ['"" <a@example.com>', '', 'a@example.com'],
    ['"Dr." Mario "R" <a@example.com>', 'Dr. Mario R', 'a@example.com'],
    ['"<evil@example.net>" <a@example.com>', '<evil@example.net>', 'a@example.com'],
    ['"x <y"@example.com', '', '"x <y"@example.com'],
    ['M <"x <y>"@example.com>', 'M', '"x <y>"@example.com'],
    ['=?utf-8?Q?x?= <a@example.com>', '=?utf-8?Q?x?=', 'a@example.com'],
  ])('%s is read', (text, name, address) => {
    expect(parseMailbox(text)).toEqual({ ok: true, mailbox: { name, address } });
  });

  test.each([
    ['nothing', ''],
    ['empty angle brackets', '<>'],
    ['a name alone', 'Mario Rossi'],
    ['two addresses', 'a@example.com, b@example.com'],
    ['two addresses without a comma', '<a@example.com> <b@example.com>'],
    ['an address as an unquoted name', 'a@example.com <b@example.com>'],
    ['an address after the angle brackets', '<a@example.com> b@example.com'],
    ['angle brackets in angle brackets', '<<a@example.com>>'],
    ['a comma in an unquoted name', 'Rossi, Mario <a@example.com>'],
    ['a group', 'friends: a@example.com;'],
    ['an empty group', 'friends:;'],
    ['a group with angle brackets', 'friends: M <a@example.com>;'],
    ['a source route', '<@relay.example:a@example.com>'],
    ['a source route after a mixed name', '"A" B <@relay.example:a@example.com>'],
    ['a comment', 'a@example.com (Mario)'],
    ['a comment in the name', 'Mario (work) <a@example.com>'],
    ['a comment in the address', '<a(x)@example.com>'],
    ['spaces in the angle brackets', '< a@example.com >'],
    ['an open quote', '"Mario <a@example.com>'],
    ['a > without <', 'a@example.com>'],
    ['a line break in the name', 'Mario\r\nBcc: b@example.com\r\n <a@example.com>'],
    ['a line break after the address', 'a@example.com\r\n'],
    ['NUL', 'a\0@example.com'],
    ['TAB', 'Mario\t<a@example.com>'],
    ['a lone surrogate', 'Mario \ud800 <a@example.com>'],
    ['1,001 characters', `${'a'.repeat(989)} <a@b.test>`.padStart(1_001, 'a')],
  ])('%s is refused', (_what, text) => {
    expect(parseMailbox(text)).toMatchObject({ ok: false });
  });

  test('names are read as the RFC 5322 grammar reads them', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-z0-9!#é]{1,6}$/),
      fc.stringMatching(/^"[ a-z,;:@<.()]{0,8}"$/),
      fc.constantFrom('"\\""', '"\\\\"', 'Q.'),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const text = `${words.join(' ')} <a@example.com>`;
        const grammar = emailAddresses.parseOneAddress({ input: text, startAt: 'mailbox', rfc6532: true });
        const result = parseMailbox(text);
        // The grammar parser drops spaces beside quoted strings, so those are left out of the comparison.
        expect(result.ok && result.mailbox.name.replaceAll(' ', '')).toBe(grammar?.name?.replaceAll(' ', ''));
      }),
    );
  });

  test('whatever comes in, the address is a piece of the text and not inside quotes of the name', () => {
    const piece = fc.constantFrom(
      'a',
      '@',
      '"',
      '\\',
      ' ',
      '<',
      '>',
      ',',
      ':',
      ';',
      '(',
      ')',
      'a@b',
      '<a@b>',
      '"x"',
      '\r\n',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        const result = parseMailbox(text);
        if (!result.ok) return;
        const { name, address } = result.mailbox;
        const trimmed = text.trim();
        expect(trimmed === address || trimmed.endsWith(`<${address}>`)).toBe(true);
        expect(name).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 5_000 },
    );
  });
});

test('comments as deep as a mailbox may be long do not exhaust the stack', () => {
  expect(parseMailbox(`"a" ${'('.repeat(990)} <a@b>`.slice(-1_000))).toMatchObject({ ok: false });
});

describe('parseDisplayName', () => {
  test.each([
    ['Team', 'Team'],
    [' The  "A, B" team ', 'The A, B team'],
    ['', ''],
  ])('%j is read', (text, name) => {
    expect(parseDisplayName(text)).toEqual({ ok: true, name });
  });

  test.each(['a@example.com', 'A <a@example.com>', 'a\r\nb', 'a, b', '"a'])('%j is refused', (text) => {
    expect(parseDisplayName(text)).toMatchObject({ ok: false });
  });
});

describe('formatMailbox', () => {
  test('a name is quoted only where it must be', () => {
    expect(formatMailbox({ name: '', address: 'a@example.com' })).toBe('a@example.com');
    expect(formatMailbox({ name: 'Zoë B. Ek', address: 'a@example.com' })).toBe('Zoë B. Ek <a@example.com>');
    expect(formatMailbox({ name: 'Rossi, "M"', address: 'a@example.com' })).toBe('"Rossi, \\"M\\"" <a@example.com>');
  });

  test('what it writes is read back unchanged', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/\p{Cc}| +/gu, ' ').trim());
    fc.assert(
      fc.property(name, (name) => {
        const mailbox = { name, address: '"a b"@example.com' };
        expect(parseMailbox(formatMailbox(mailbox))).toEqual({ ok: true, mailbox });
      }),
    );
  });
});
