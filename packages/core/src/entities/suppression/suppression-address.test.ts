// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSuppressible, stoppedBy, suppressionKey } from './suppression-address.ts';

const local = fc.stringMatching(/^[A-Za-z0-9äöüÄÖÜßéñ.+_-]{1,20}$/).filter((text) => !/^\.|\.$|\.\./.test(text));
const domain = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,10}\.(example|EXAMPLE|org)$/);

describe('the form of an address', () => {
  test.each([
    ['Bob@Example.ORG', 'bob@example.org'],
    ['"bob"@example.org', 'bob@example.org'],
    ['"bob.b"@example.org', 'bob.b@example.org'],
    ['"Bob B"@example.org', '"bob b"@example.org'],
    ['"a@b"@example.org', '"a@b"@example.org'],
    ['".bob"@example.org', '".bob"@example.org'],
    ['ZOË@BÜCHER.example', 'zoë@xn--bcher-kva.example'],
    ['bob@[IPv6:FE80::1]', 'bob@[ipv6:fe80::1]'],
    ['@Example.ORG', '@example.org'],
    ['@BÜCHER.example', '@xn--bcher-kva.example'],
  ])('%s is %s', (given, address) => {
    expect(parseSuppressible(given)).toEqual({ ok: true, address });
  });

  test.each(['', 'bob', '@', 'bob@', '@a..b', 'Bob <bob@example.org>', 'bob@exa mple.org', 'a@b@c d'])(
    'there is none of "%s"',
    (given) => {
      expect(parseSuppressible(given)).toMatchObject({ ok: false, reason: expect.any(String) });
    },
  );

  test('is the same for every way to write it, and its own form', () => {
    fc.assert(
      fc.property(local, domain, (name, host) => {
        const key = suppressionKey(`${name}@${host}`);
        expect(suppressionKey(key)).toBe(key);
        expect(suppressionKey(`${name.toLowerCase()}@${host.toUpperCase()}`)).toBe(key);
        expect(suppressionKey(`${name.normalize('NFD')}@${host}`)).toBe(key);
        expect(parseSuppressible(`${name}@${host}`)).toEqual({ ok: true, address: key });
      }),
    );
  });

  test('leads to its own entry and that of its domain', () => {
    expect(stoppedBy('"a@b"@Example.org')).toEqual(['"a@b"@example.org', '@example.org']);
    expect(stoppedBy('bob@[192.0.2.1]')).toEqual(['bob@[192.0.2.1]', '@[192.0.2.1]']);
  });
});
