// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { firstPkAt, looksLikePk, pkGenerator, timeOfPk } from './identity.ts';

const NOW = Date.UTC(2026, 0, 1);

/** So many keys, one each millisecond. */
function keysFrom(start: number, count: number): readonly string[] {
  let now = start;
  const makePk = pkGenerator({ ...systemClock, now: () => now++ });
  return Array.from({ length: count }, makePk);
}

test('keys have the form of UUIDv7, their time, and an order', () => {
  const keys = keysFrom(NOW, 3_000);
  for (const [index, key] of keys.entries()) {
    expect(looksLikePk(key)).toBe(true);
    expect(key).toMatch(/^.{14}7.{4}[89ab]/);
    expect(timeOfPk(key)).toBe(NOW + index);
  }
  expect(keys.toSorted()).toEqual(keys);
  expect(firstPkAt(NOW) <= String(keys[0])).toBe(true);
});

test('what is random in them is never drawn twice, of one generator or of two', () => {
  const keys = [...keysFrom(NOW, 3_000), ...keysFrom(NOW, 3_000)];
  expect(new Set(keys.map((key) => key.slice(-8))).size).toBeGreaterThan(keys.length - 10);
  expect(new Set(keys).size).toBe(keys.length);
});

test('keys of one millisecond rise, and go on rising where the clock steps back a little', () => {
  let now = NOW;
  const makePk = pkGenerator({ ...systemClock, now: () => now });
  const keys = Array.from({ length: 2_000 }, (_, index) => {
    if (index === 1_000) now -= 5_000;
    return makePk();
  });
  expect(keys.toSorted()).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
});
