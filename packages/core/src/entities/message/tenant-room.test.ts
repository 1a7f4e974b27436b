// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { TenantRoom, type WaitingUsage } from './tenant-room.ts';

const NONE = { maxPending: null, maxBytes: null };

/** What waits is what the test says; each look at it is counted. */
function open({ isShared = false, limits = NONE }: { isShared?: boolean; limits?: typeof NONE | object } = {}) {
  const clock = new VirtualClock();
  const stored = { pending: 0, bytes: 0 };
  const seen = { looks: 0, refused: [] as string[] };
  const instance = (): TenantRoom =>
    new TenantRoom({
      clock,
      isShared,
      limits: { ...NONE, ...limits },
      async usageOf(): Promise<WaitingUsage> {
        seen.looks += 1;
        return { ...stored };
      },
      onRefused: (quota) => void seen.refused.push(quota),
    });
  const store = async (room: TenantRoom, own: object, bytes = 1): Promise<string> => {
    try {
      using taken = await room.take('acme', { ...NONE, ...own }, () => bytes);
      stored.pending += 1;
      stored.bytes += bytes;
      taken.keep();
      return 'stored';
    } catch (error) {
      return String(Object(error).code);
    }
  };
  return { clock, stored, seen, instance, store };
}

test('a tenant without a limit is never counted', async () => {
  const { instance, store, seen } = open();
  expect(await store(instance(), {})).toBe('stored');
  expect(seen.looks).toBe(0);
});

test('a hundred messages at once fill the room to the last, and not beyond', async () => {
  const { instance, store, stored, seen } = open();
  const room = instance();
  const ends = await Promise.all(Array.from({ length: 100 }, () => store(room, { maxPending: 30 })));
  expect(ends.filter((end) => end === 'stored')).toHaveLength(30);
  expect(stored.pending).toBe(30);
  expect(new Set(seen.refused)).toEqual(new Set(['max_pending']));
});

test('bytes count as messages do, and the tenant stands over the instance', async () => {
  const { instance, store } = open({ limits: { maxBytes: 10, maxPending: 5 } });
  const room = instance();
  expect(await store(room, {}, 6)).toBe('stored');
  expect(await store(room, {}, 6)).toBe('quota_exceeded');
  expect(await store(room, { maxBytes: 12 }, 6)).toBe('stored');
});

test('what was sent makes room, which is looked for every 250 ms at most', async () => {
  const { instance, store, stored, seen, clock } = open();
  const room = instance();
  await Promise.all(Array.from({ length: 5 }, () => store(room, { maxPending: 5 })));
  const { looks } = seen;
  for (let n = 0; n < 100; n++) expect(await store(room, { maxPending: 5 })).toBe('quota_exceeded');
  stored.pending = 3;
  expect(seen.looks - looks).toBeLessThanOrEqual(1);
  await clock.advance(250);
  expect([await store(room, { maxPending: 5 }), await store(room, { maxPending: 5 })]).toEqual(['stored', 'stored']);
  expect(await store(room, { maxPending: 5 })).toBe('quota_exceeded');
});

test('room that was taken for nothing is given back', async () => {
  const { instance, store } = open();
  const room = instance();
  for (let n = 0; n < 10; n++) (await room.take('acme', { maxPending: 1, maxBytes: null }, () => 1))[Symbol.dispose]();
  expect(await store(room, { maxPending: 1 })).toBe('stored');
});

test('of four instances each but one overshoots by a tenth of the room or 100 messages at most', async () => {
  for (const maxPending of [50, 2_000, 20_000]) {
    const { instance, store, stored } = open({ isShared: true });
    const rooms = Array.from({ length: 4 }, instance);
    await Promise.all(
      rooms.map(async (room) => {
        while ((await store(room, { maxPending })) === 'stored');
      }),
    );
    expect(stored.pending).toBeGreaterThanOrEqual(maxPending);
    expect(stored.pending - maxPending).toBeLessThanOrEqual(3 * Math.max(100, maxPending / 10));
  }
});

test('what comes in counts with what waits, until it is stored or gone', async () => {
  const { instance, store } = open();
  const room = instance();
  const limits = { maxPending: null, maxBytes: 100 };
  await store(room, limits, 40);
  {
    using first = await room.upload('acme', limits);
    using second = await room.upload('acme', limits);
    first?.add(30);
    second?.add(30);
    expect(() => second?.add(1)).toThrow(expect.objectContaining({ code: 'quota_exceeded', retryAfterMs: 30_000 }));
  }
  using third = await room.upload('acme', limits);
  third?.add(60);
  expect(await room.upload('acme', NONE)).toBeNull();
});
