// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { membersOf, parseAddressList, parseMailAddress } from './address-list.ts';
import type { MailAddress } from './content.ts';
import { addressField } from './header-encoding.ts';

const ann = { name: '', address: 'ann@example.com' };
const bob = { name: 'Bob', address: 'bob@example.com' };

describe('parseAddressList', () => {
  test('commas separate, but not those in quotes', () => {
    expect(parseAddressList('a@example.com, "Rossi, M" <b@example.com>,"c,d"@example.com')).toEqual({
      ok: true,
      addresses: [
        { name: '', address: 'a@example.com' },
        { name: 'Rossi, M', address: 'b@example.com' },
        { name: '', address: '"c,d"@example.com' },
      ],
    });
  });

  test.each<[string, readonly MailAddress[]]>([
    ['Team: ann@example.com, Bob <bob@example.com>;', [{ group: 'Team', members: [ann, bob] }]],
    ['undisclosed-recipients:;, ann@example.com', [{ group: 'undisclosed-recipients', members: [] }, ann]],
    ['ann@example.com,  "a: b; c" : Bob<bob@example.com> ; ', [ann, { group: 'a: b; c', members: [bob] }]],
    [
      'A: ann@example.com;,B:bob@example.com;',
      [
        { group: 'A', members: [ann] },
        { group: 'B', members: [{ ...bob, name: '' }] },
      ],
    ],
    ['x@[IPv6:2001:db8::1], ann@example.com', [{ name: '', address: 'x@[IPv6:2001:db8::1]' }, ann]],
    ['M <"a>:,;b"@example.com>, ann@example.com', [{ name: 'M', address: '"a>:,;b"@example.com' }, ann]],
    ['Die Küche: ann@example.com;', [{ group: 'Die Küche', members: [ann] }]],
  ])('%s is read', (text, addresses) => {
    expect(parseAddressList(text)).toEqual({ ok: true, addresses });
  });

  test('one bad address refuses the list and is named by its place', () => {
    expect(parseAddressList('a@example.com, b')).toEqual({ ok: false, reason: 'address 2: there is no @' });
    expect(parseAddressList('a@example.com, T: b@example.com, c;')).toEqual({
      ok: false,
      reason: 'address 2: member 2 of the group: there is no @',
    });
  });

  test.each([
    ['an empty list', ''],
    ['an empty place', 'a@example.com,,b@example.com'],
    ['a comma at the end', 'a@example.com,'],
    ['a group without its end', 'Team: a@example.com'],
    ['a group without a name', ': a@example.com;'],
    ['a group with an address for a name', 'x@example.com: a@example.com;'],
    ['a group in a group', 'A: B: a@example.com;;'],
    ['a group in a group that is closed once', 'A: B: a@example.com;'],
    ['a text behind a group', 'Team: a@example.com; b@example.com'],
    ['an empty place in a group', 'Team: a@example.com,;'],
    ['a line break in an empty group', 'Team:\r\n;'],
    ['a line break behind a group', 'Team:;\r\n'],
    ['a line break in the name of a group', 'Team\r\nBcc: x@example.com:;'],
    ['semicolons for commas', 'a@example.com; b@example.com'],
  ])('%s is refused', (_what, text) => {
    expect(parseAddressList(text)).toMatchObject({ ok: false });
  });

  test.each([
    ['nested comments', '('.repeat(100_000)],
    ['nested groups', 'a:'.repeat(50_000)],
    ['quotes', '"'.repeat(100_000)],
    ['angle brackets', '<'.repeat(100_000)],
    ['addresses', 'a@b,'.repeat(25_000)],
  ])('100 kB of %s are refused before they are parsed', (_what, text) => {
    expect(parseAddressList(text)).toMatchObject({ ok: false, reason: expect.stringContaining('longer') });
    expect(parseMailAddress(text)).toMatchObject({ ok: false, reason: expect.stringContaining('longer') });
  });

  test('what is written in a header is read back unchanged', () => {
    const word = fc.stringMatching(/^[ a-zA-Z0-9,;:"<>@().\\]{0,20}$/).map((text) => text.replace(/ +/g, ' ').trim());
    const mailbox = fc.record({
      name: word,
      address: fc.constantFrom('a@example.com', '"a,;:>"@example.com', 'x@[IPv6:::1]'),
    });
    const address = fc.oneof(
      mailbox,
      fc.record({ group: word.map((text) => `g${text}`), members: fc.array(mailbox, { maxLength: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 4 }), (addresses) => {
        const written = addressField('To', addresses)?.replaceAll('\r\n', '').slice('To: '.length) ?? '';
        expect(parseAddressList(written)).toEqual({ ok: true, addresses });
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseMailAddress', () => {
  test('one address or one group', () => {
    expect(parseMailAddress('Bob <bob@example.com>')).toEqual({ ok: true, address: bob });
    expect(parseMailAddress('T: Bob <bob@example.com>;')).toEqual({
      ok: true,
      address: { group: 'T', members: [bob] },
    });
  });

  test.each(['ann@example.com, bob@example.com', 'A:;, B:;', 'ann@example.com, T:;'])('%s is refused', (text) => {
    expect(parseMailAddress(text)).toMatchObject({ ok: false });
  });
});

test('membersOf gives the mailboxes in their order, those of groups included', () => {
  expect(membersOf([ann, { group: 'T', members: [bob] }, { group: 'U', members: [] }])).toEqual([ann, bob]);
});
