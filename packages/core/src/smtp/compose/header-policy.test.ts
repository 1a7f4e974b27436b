// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import {
  checkContentId,
  checkFilename,
  checkHeader,
  checkLine,
  checkMimeType,
  MAX_HEADER_VALUE,
  RESERVED_HEADERS,
} from './header-policy.ts';

const REFUSED = expect.any(String);

describe('checkHeader', () => {
  test.each([
    ['List-Unsubscribe', '<https://example.com/u?id=1>'],
    ['X-Campaign', ''],
    ['References', '<a@example.com> <b@example.com>'],
    ['Auto-Submitted', 'auto-generated'],
    ['X-Name', 'Zoë\twith a tab 😀'],
    ['Contents', 'not one of Content-*'],
    ['x!#$', 'ftext is wide'],
    ['X'.repeat(76), 'as long as a name may be'],
    ['X-Long', 'é'.repeat(MAX_HEADER_VALUE / 2)],
  ])('%s is allowed', (name, value) => {
    expect(checkHeader(name, value)).toBeNull();
  });

  test.each(RESERVED_HEADERS.map(({ name }) => name))('%s is reserved in any case', (pattern) => {
    const name = pattern.replace('*', 'Anything');
    expect(checkHeader(name, 'x')).toContain('may not be set');
    expect(checkHeader(name.toLowerCase(), 'x')).toContain('may not be set');
    expect(checkHeader(name.toUpperCase(), 'x')).toContain('may not be set');
  });

  test.each([
    ['no name', '', 'x'],
    ['a colon in the name', 'X-A:', 'x'],
    ['a space in the name', 'X A', 'x'],
    ['a reserved name with a space behind', 'Bcc ', 'x'],
    ['a line break in the name', 'X-A\r\nBcc', 'x'],
    ['a name that is not ASCII', 'X-Zoë', 'x'],
    ['a name of 77', 'X'.repeat(77), 'x'],
    ['CRLF in the value', 'X-A', 'x\r\nBcc: b@example.com'],
    ['a folded value', 'X-A', 'x\r\n y'],
    ['a bare CR', 'X-A', 'x\ry'],
    ['a bare LF', 'X-A', 'x\ny'],
    ['NUL', 'X-A', 'x\0y'],
    ['an escape character', 'X-A', 'x\x1by'],
    ['DEL', 'X-A', 'x\x7fy'],
    ['a C1 control', 'X-A', 'x\u0085y'],
    ['a lone surrogate', 'X-A', 'x\udc00'],
    ['a value over 8 KiB', 'X-A', 'x'.repeat(MAX_HEADER_VALUE + 1)],
    ['a value over 8 KiB in UTF-8', 'X-A', 'é'.repeat(MAX_HEADER_VALUE / 2 + 1)],
  ])('%s is refused', (_what, name, value) => {
    expect(checkHeader(name, value)).toEqual(REFUSED);
  });
});

test('checkLine takes any text of one line', () => {
  expect(checkLine('')).toBeNull();
  expect(checkLine('Ciao\tmondo 😀')).toBeNull();
  expect(checkLine('a\nb')).toEqual(REFUSED);
  expect(checkLine('a\0b')).toEqual(REFUSED);
  for (const separator of ['\u0085', '\u2028', '\u2029']) expect(checkLine(`a${separator}b`)).toEqual(REFUSED);
});

test.each(['report.pdf', 'è tutto.txt', '.env', 'a..b', 'say "hi".txt', 'x'.repeat(255)])(
  'an attachment may be called %s',
  (name) => {
    expect(checkFilename(name)).toBeNull();
  },
);

test.each([
  '',
  ' ',
  '.',
  '..',
  'a/b',
  '../a',
  'a\\b',
  'a\r\nb',
  'a\0.pdf',
  'a\tb',
  'x'.repeat(256),
  'é'.repeat(128),
  '\ud800',
])('an attachment may not be called %j', (name) => {
  expect(checkFilename(name)).toEqual(REFUSED);
});

test('a media type is a type and a subtype without parameters', () => {
  for (const type of ['text/plain', 'application/vnd.ms-excel', 'image/svg+xml', 'Application/PDF']) {
    expect(checkMimeType(type)).toBeNull();
  }
  for (const type of [
    '',
    'text',
    'text/',
    '/plain',
    'text/plain; charset=utf-8',
    'text/plain\r\nX: y',
    'a b/c',
    'é/x',
  ]) {
    expect(checkMimeType(type)).toEqual(REFUSED);
  }
});

test('a Content-ID has no brackets, spaces or line breaks', () => {
  for (const id of ['logo', 'logo@example.com', 'part1.{guid}@host']) expect(checkContentId(id)).toBeNull();
  for (const id of ['', '<logo>', 'a b', 'a\r\nb', 'é', 'x'.repeat(251)]) expect(checkContentId(id)).toEqual(REFUSED);
});
