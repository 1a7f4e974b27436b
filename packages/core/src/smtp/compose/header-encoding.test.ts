// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { addressField, attachmentTypeField, customField, dispositionField, textField } from './header-encoding.ts';

const lines = (field: string) => field.split('\r\n');
const longest = (field: string) => Math.max(...lines(field).map((line) => line.length));

describe('textField', () => {
  test.each(['Hello', 'two  spaces', 'quotes "are" fine', 'a=b?c', '100% <free>; (really)'])(
    '%s goes as it is',
    (text) => {
      expect(textField('Subject', text)).toBe(`Subject: ${text}`);
    },
  );

  test('nothing leaves the name alone', () => {
    expect(textField('Subject', '')).toBe('Subject:');
  });

  test('what is not ASCII is encoded in Q or B, whichever is shorter', () => {
    expect(textField('Subject', 'Perché no')).toBe('Subject: =?UTF-8?Q?Perch=C3=A9_no?=');
    expect(textField('Subject', '日本')).toBe('Subject: =?UTF-8?B?5pel5pys?=');
  });

  test.each([
    ['an encoded-word', '=?utf-8?Q?x?='],
    ['a space at the start', ' x'],
    ['a space at the end', 'x '],
    ['a line break that no check stopped', 'x\r\nBcc: b@example.com'],
    ['NUL', 'x\0'],
    ['a word of 1,000', 'x'.repeat(1_000)],
    ['a gap of 1,000', `a${' '.repeat(1_000)}b`],
  ])('%s is encoded as text', (_what, text) => {
    const field = textField('Subject', text);
    expect(
      lines(field).every((line) => /^(?:Subject:)? =\?UTF-8\?Q\?[^? ]+\?=(?: =\?UTF-8\?Q\?[^? ]+\?=)*$/.test(line)),
    ).toBe(true);
    expect(longest(field)).toBeLessThanOrEqual(76);
  });

  test('long text is folded before white space, which stays', () => {
    const text = `${'word  '.repeat(60)}end`;
    const field = textField('Subject', text);
    expect(longest(field)).toBeLessThanOrEqual(76);
    expect(field.replaceAll('\r\n', '')).toBe(`Subject: ${text}`);
    expect(
      lines(field)
        .slice(1)
        .every((line) => /^[ \t]+\S/.test(line)),
    ).toBe(true);
  });

  test('a long first word stays on the line of the name', () => {
    expect(lines(textField('Subject', `${'x'.repeat(100)} y`))).toEqual([`Subject: ${'x'.repeat(100)}`, ' y']);
  });
});

describe('customField', () => {
  test.each([
    '{"json": "is not touched"}',
    '"Weekly" <weekly.list.example.com>',
    '=?utf-8?Q?caf=C3=A9?=',
    '<https://example.com/?a=?b>, <mailto:u@example.com>',
  ])('%s goes as it is', (value) => {
    expect(customField('X-A', value)).toBe(`X-A: ${value}`);
  });

  test('outer white space is dropped', () => {
    expect(customField('X-A', ' \tx ')).toBe('X-A: x');
    expect(customField('X-A', '  ')).toBe('X-A:');
  });

  test('an address beside a name that is not ASCII survives', () => {
    expect(customField('Disposition-Notification-To', 'Zoë <zoe@example.com>')).toBe(
      'Disposition-Notification-To: =?UTF-8?Q?Zo=C3=AB?= <zoe@example.com>',
    );
  });

  test.each([
    ['a line break', 'x\r\nBcc: b@example.com'],
    ['a bare CR', 'x\ry'],
    ['a broken encoded-word', '=?utf-8?X?y?='],
    ['a word of 8 KiB', 'x'.repeat(8_192)],
    ['a word of 8 KiB beside an accent', `é ${'x'.repeat(8_000)} é`],
    ['8 KiB of accents', 'é'.repeat(4_096)],
  ])('%s is encoded', (_what, value) => {
    const field = customField('X-A', value);
    expect(field.replaceAll('\r\n ', '')).toMatch(/^X-A: =\?[\x20-\x7e]*$/);
    expect(longest(field)).toBeLessThanOrEqual(76);
  });
});

describe('addressField', () => {
  const box = (name: string, address = 'a@example.com') => ({ name, address });

  test('no mailbox, no field', () => {
    expect(addressField('Cc', [])).toBeNull();
  });

  test.each([
    ['', 'a@example.com'],
    ['Mario Rossi', 'Mario Rossi <a@example.com>'],
    ['John Q. Public', '"John Q. Public" <a@example.com>'],
    ['Rossi, "M"', '"Rossi, \\"M\\"" <a@example.com>'],
    ['Zoë', '=?UTF-8?Q?Zo=C3=AB?= <a@example.com>'],
    ['=?utf-8?Q?x?=', '=?UTF-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?= <a@example.com>'],
    ['b@evil.example', '"b@evil.example" <a@example.com>'],
    ['x\r\nBcc: b@example.com', '=?UTF-8?Q?x=0D=0ABcc=3A_b=40example=2Ecom?= <a@example.com>'],
  ])('the name %j', (name, value) => {
    expect(addressField('To', [box(name)])?.replaceAll('\r\n', '')).toBe(`To: ${value}`);
  });

  test('an address that is not plain is bracketed, and its local part is never folded', () => {
    expect(addressField('To', [box('', '"a, b"@example.com')])).toBe('To: <"a, b"@example.com>');
    const local = `"${'a '.repeat(31)}"`;
    const field = addressField('To', [box('A name', `${local}@${'x'.repeat(60)}.example`)]);
    expect(field).toContain(`<${local}@`);
  });

  test('a hundred mailboxes are folded between their words', () => {
    const mailboxes = Array.from({ length: 100 }, (_, i) =>
      box(i % 2 ? 'Nome Cognome' : 'Società', `n${i}@example.com`),
    );
    const field = addressField('To', mailboxes) ?? '';
    expect(longest(field)).toBeLessThanOrEqual(76);
    expect(field.match(/<n\d+@example\.com>/g)).toHaveLength(100);
  });

  test('a name of 1,000 in one word is split', () => {
    expect(longest(addressField('To', [box('x'.repeat(1_000))]) ?? '')).toBeLessThanOrEqual(76);
    expect(longest(addressField('To', [box(`${'x, '.repeat(300)}`)]) ?? '')).toBeLessThanOrEqual(76);
  });
});

describe('the fields of an attachment', () => {
  test('a plain name is a token or a quoted string', () => {
    expect(dispositionField('attachment', 'a.pdf')).toBe('Content-Disposition: attachment; filename=a.pdf');
    expect(attachmentTypeField('application/pdf', 'a.pdf')).toBe('Content-Type: application/pdf; name=a.pdf');
    expect(dispositionField('inline', 'a b.pdf')).toBe('Content-Disposition: inline; filename="a b.pdf"');
    expect(attachmentTypeField('application/pdf', 'a b.pdf')).toBe('Content-Type: application/pdf; name="a b.pdf"');
  });

  test('a name that is not ASCII goes by RFC 2231, and as encoded-words for old readers', () => {
    expect(dispositionField('attachment', 'è.pdf')).toBe(
      "Content-Disposition: attachment;\r\n filename*0*=utf-8''%C3%A8.pdf".replace('\r\n', ''),
    );
    expect(attachmentTypeField('application/pdf', 'è.pdf')).toBe(
      'Content-Type: application/pdf; name="=?UTF-8?Q?=C3=A8=2Epdf?="',
    );
  });

  test.each([
    '雪'.repeat(85),
    'x'.repeat(255),
    'a b; filename=c '.repeat(15),
    '"; filename=evil.exe; x="',
    '\\\\',
    "it's.txt",
  ])('no part of the name %s becomes a parameter of its own', (filename) => {
    for (const field of [dispositionField('attachment', filename), attachmentTypeField('a/b', filename)]) {
      expect(longest(field)).toBeLessThanOrEqual(400);
      const outsideQuotes = field.replace(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll('\r\n', '');
      expect(outsideQuotes).toMatch(/^[^;]*(?:; (?:filename|name)(?:\*\d+\*?)?=[^; ]+)+$/);
      expect(outsideQuotes.match(/evil\.exe;/)).toBeNull();
    }
  });
});
