// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { standingClock } from '../smtp/standing-clock.case.ts';
import { RecentCache } from './recent-cache.ts';

function cacheOf(maxEntries = 10) {
  const time = standingClock();
  const cache = new RecentCache<number>({ maxEntries, maxAgeMs: 1_000, clock: time.clock });
  const loads: string[] = [];
  const get = (key: string) =>
    cache.get(key, async () => {
      loads.push(key);
      return loads.length;
    });
  return { time, cache, loads, get };
}

test('callers that ask at once share one read, and later ones what it found, for as long as it is recent', async () => {
  const { time, loads, get } = cacheOf();
  expect(await Promise.all([get('a'), get('a')])).toEqual([1, 1]);
  time.advance(999);
  expect(await get('a')).toBe(1);
  time.advance(1);
  expect(await get('a')).toBe(2);
  expect(loads).toEqual(['a', 'a']);
});

test('what was absent or failed is asked for again', async () => {
  const { cache, get } = cacheOf();
  expect(await cache.get('a', async () => null)).toBeNull();
  await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(cache.size).toBe(0);
  expect(await get('a')).toBe(1);
});

test('the oldest entry makes room', async () => {
  const { cache, loads, get } = cacheOf(2);
  for (const key of ['a', 'b', 'c', 'b', 'a']) await get(key);
  expect(loads).toEqual(['a', 'b', 'c', 'a']);
  expect(cache.size).toBe(2);
});

test('a read that began before a change is not remembered after it', async () => {
  const { cache, get } = cacheOf();
  const slow = Promise.withResolvers<number>();
  const before = cache.get('a', () => slow.promise);
  cache.clear();
  slow.resolve(-1);
  expect(await before).toBe(-1);
  expect(await get('a')).toBe(1);
});

test('an absent value of an older read does not drop the newer one', async () => {
  const { cache, loads, get } = cacheOf();
  const slow = Promise.withResolvers<number | null>();
  const before = cache.get('a', () => slow.promise);
  cache.clear();
  await get('a');
  slow.resolve(null);
  await before;
  await get('a');
  expect(loads).toEqual(['a']);
});
