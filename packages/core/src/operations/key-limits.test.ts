// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exceeding, type KeyLimits, maySendAs, NO_LIMITS, refusalOf } from './key-limits.ts';
import { SCOPES, type ScopeGrant } from './scopes.ts';

const grant = fc.constantFrom<ScopeGrant>(...SCOPES, 'messages:*', 'accounts:*', 'keys:*', 'admin');
const address = fc.constantFrom('a@one.example', 'b@one.example', 'a@two.example');
const sender = fc.constantFrom('one.example', 'two.example', 'a@one.example', 'b@one.example');

const limits: fc.Arbitrary<KeyLimits> = fc.record({
  mode: fc.constantFrom('live', 'test'),
  scopes: fc.option(fc.array(grant, { minLength: 1, maxLength: 4 })),
  senders: fc.option(fc.array(sender, { minLength: 1, maxLength: 3 })),
  ipRanges: fc.constant(null),
  ratePerMinute: fc.option(fc.integer({ min: 1, max: 3 })),
  expiresAt: fc.option(fc.integer({ min: 1, max: 3 })),
});

describe('a key that grants no more than its maker has', () => {
  test('opens no scope and allows no sender that the maker lacks', () => {
    fc.assert(
      fc.property(limits, limits, address, (given, own, from) => {
        fc.pre(exceeding(given, own).length === 0);
        for (const scope of SCOPES) {
          if (refusalOf(given, scope) === null) expect(refusalOf(own, scope)).toBeNull();
        }
        if (maySendAs(given, from)) expect(maySendAs(own, from)).toBe(true);
      }),
    );
  });

  test('may have all of it, and all are less than no limits', () => {
    fc.assert(
      fc.property(limits, (own) => {
        expect(exceeding(own, own)).toEqual([]);
        expect(exceeding(own, NO_LIMITS)).toEqual([]);
      }),
    );
  });
});

test.each([
  ['shop.example', 'a@shop.example', true],
  ['shop.example', 'A@Shop.Example', true],
  ['shop.example', 'a@sub.shop.example', false],
  ['shop.example', 'a@myshop.example', false],
  ['a@shop.example', 'a@shop.example', true],
  ['a@shop.example', 'b@shop.example', false],
  ['shop.example', '"x@shop.example"@evil.example', false],
])('of %s, %s may send: %s', (allowed, from, expected) => {
  expect(maySendAs({ senders: [allowed] }, from)).toBe(expected);
});
