// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { MAX_SIGNING_DOMAINS, signingDomains } from './signing-domains.ts';

test.each<[string, readonly string[]]>([
  ['example.com', ['example.com']],
  ['A.B.Example.COM', ['a.b.example.com', 'b.example.com', 'example.com']],
  ['mailhost', ['mailhost']],
])('the domains that may sign for %s', (domain, expected) => {
  expect(signingDomains(domain)).toEqual(expected);
});

test('of a deep name itself and the shortest parents are left', () => {
  const domain = 'a.b.c.d.e.f.g.h.i.j.example.com';
  const domains = signingDomains(domain);
  expect(domains).toHaveLength(MAX_SIGNING_DOMAINS);
  expect([domains[0], domains.at(-1)]).toEqual([domain, 'example.com']);
});
