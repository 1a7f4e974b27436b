// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STRIKE_KINDS, strikeOfBounce } from '../../mixin/suppressions.ts';
import { type SuppressionPolicyInput, strikeRule } from './suppression-policy.ts';

const DAY_MS = 86_400_000;
const AT = 1_000 * DAY_MS;

test.each([
  ['hard', { needed: 1, expiresAt: null, reason: 'hard_bounce' }],
  ['soft', { needed: 5, expiresAt: AT + 30 * DAY_MS, reason: 'soft_bounces' }],
  ['complaint', { needed: 1, expiresAt: null, reason: 'complaint' }],
] as const)('a tenant that says nothing has its addresses judged by default: %s', (kind, rule) => {
  const expected = { ...rule, since: AT - 30 * DAY_MS, forgetAt: AT + 30 * DAY_MS };
  expect(strikeRule(null, kind, AT)).toEqual(expected);
  expect(strikeRule({}, kind, AT)).toEqual(expected);
});

test('what a tenant says stands over it, one field at a time', () => {
  const policy: SuppressionPolicyInput = {
    hard: 3,
    soft: null,
    within: 'PT12H',
    hard_expiry: 'P1D',
    soft_expiry: null,
  };
  expect(strikeRule(policy, 'hard', AT)).toEqual({
    needed: 3,
    since: AT - DAY_MS / 2,
    forgetAt: AT + DAY_MS / 2,
    expiresAt: AT + DAY_MS,
    reason: 'hard_bounce',
  });
  expect(strikeRule(policy, 'soft', AT)).toBeNull();
  expect(strikeRule({ soft_expiry: null }, 'soft', AT)).toMatchObject({ needed: 5, expiresAt: null });
});

test('no kind is counted that is null, and every other one ends after it began', () => {
  const count = fc.option(fc.integer({ min: 1, max: 100 }));
  const policy = fc.record({ hard: count, soft: count, complaint: count, within: fc.integer({ min: 1, max: 365 }) });
  fc.assert(
    fc.property(policy, fc.constantFrom(...STRIKE_KINDS), fc.integer({ min: 0, max: 2 ** 41 }), (given, kind, at) => {
      const rule = strikeRule(given, kind, at);
      expect(rule === null).toBe(given[kind] === null);
      if (rule === null) return;
      expect(rule.needed).toBeGreaterThanOrEqual(1);
      expect(rule.since).toBeLessThan(at);
      expect(rule.forgetAt).toBeGreaterThan(at);
    }),
  );
});

test('a bounce counts by what it says of the address, and not by its permanence alone', () => {
  expect(strikeOfBounce({ permanence: 'permanent', addressDead: true })).toBe('hard');
  expect(strikeOfBounce({ permanence: 'permanent', addressDead: false })).toBeNull();
  expect(strikeOfBounce({ permanence: 'temporary', addressDead: false })).toBe('soft');
});
