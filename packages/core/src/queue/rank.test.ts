// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rankOf } from './rank.ts';

const STEP_MS = 600_000;
/** Until the year 2286. */
const times = fc.integer({ min: 0, max: 9_999_999_999_999 });
const laterPriorities = fc.integer({ min: 1, max: 3 });

test('an immediate message always stands before every other one, and below zero', () => {
  fc.assert(
    fc.property(times, times, laterPriorities, (immediateAt, at, priority) => {
      const immediate = rankOf(immediateAt, 0, STEP_MS);
      expect(immediate).toBeLessThan(0);
      expect(rankOf(at, priority, STEP_MS)).toBeGreaterThan(immediate);
    }),
  );
});

test('within a level the earlier due message always stands first', () => {
  fc.assert(
    fc.property(times, times, fc.integer({ min: 0, max: 3 }), (one, other, priority) => {
      const order = rankOf(one, priority, STEP_MS) - rankOf(other, priority, STEP_MS);
      expect(Math.sign(order)).toBe(Math.sign(one - other));
    }),
  );
});

test('a message is never overtaken by one that becomes due later than the steps between their levels', () => {
  fc.assert(
    fc.property(times, laterPriorities, laterPriorities, fc.nat(10_000_000), (at, one, other, wait) => {
      const overtakes = rankOf(at + wait, other, STEP_MS) < rankOf(at, one, STEP_MS);
      expect(overtakes).toBe(wait < (one - other) * STEP_MS);
    }),
  );
});

test('a rank is always exact', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 3 }), (at, priority) => {
      expect(Number.isSafeInteger(rankOf(at, priority, STEP_MS))).toBe(true);
    }),
  );
});
