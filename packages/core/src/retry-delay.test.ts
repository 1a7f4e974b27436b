// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';
import { seededRandom } from './testing/seeded-random.ts';

const policies = fc.record({
  baseMs: fc.double({ min: 1, max: 1e9, noNaN: true }),
  factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
  maxDelayMs: fc.double({ min: 1, max: 1e10, noNaN: true }),
  maxAgeMs: fc.constant(345_600_000),
});

test('a delay always lies between a tenth of a second and the ceiling of its attempt', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      policies,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, policy, luck) => {
        const delay = retryDelayMs(attempts, policy, () => luck);
        const ceiling = Math.min(policy.maxDelayMs, policy.baseMs * policy.factor ** Math.min(attempts - 1, 1_000));
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(100);
        expect(delay).toBeLessThanOrEqual(Math.max(100, Math.round(ceiling)));
      },
    ),
  );
});

test('the ceiling doubles with each attempt until it meets the longest delay', () => {
  const policy = { baseMs: 60_000, factor: 2, maxDelayMs: 300_000, maxAgeMs: 1 };
  const longest = [1, 2, 3, 4, 5, 5_000].map((attempts) => retryDelayMs(attempts, policy, () => 0));
  expect(longest).toEqual([60_000, 120_000, 240_000, 300_000, 300_000, 300_000]);
});

test('messages that failed together do not come back together', () => {
  const policy = { baseMs: 60_000, factor: 2, maxDelayMs: 14_400_000, maxAgeMs: 1 };
  const random = seededRandom(1);
  const delays = Array.from({ length: 1_000 }, () => retryDelayMs(1, policy, random));
  const perSecond = Map.groupBy(delays, (delay) => Math.floor(delay / 1_000));
  expect(perSecond.size).toBeGreaterThan(50);
  expect(Math.max(...[...perSecond.values()].map((group) => group.length))).toBeLessThan(60);
});
