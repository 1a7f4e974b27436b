// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { DatabaseRoom, WriteState } from '../database/database.ts';
import { silentLog } from '../observability/log.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { WriteWatch } from './write-watch.ts';

/** What /readyz promises: it knows after so long. */
const KNOWN_MS = 10_000;

/** A watch of a database that is as the test says. */
function watched(found: Partial<DatabaseRoom> | null = {}) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const database = {
    writeState: 'taken' as WriteState,
    found: found === null ? null : { isThere: true, freeBytes: 1_000, ...found },
    room: async () => database.found,
    touched: Promise.resolve(),
  };
  const watch = new WriteWatch({ clock, log: silentLog, database, touch: () => database.touched, minFreeBytes: 500 });
  const done = watch.run(stop.signal);
  return {
    clock,
    database,
    watch,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

test('a write that hangs is known in time, and its end too', async () => {
  await using world = watched();
  const { clock, database, watch } = world;
  await clock.advance(1);
  expect(watch.trouble).toBeNull();
  const hanging = Promise.withResolvers<void>();
  database.touched = hanging.promise;
  await clock.advance(KNOWN_MS);
  expect(watch.trouble).toBe('no_writes');
  await clock.advance(10 * KNOWN_MS);
  database.touched = Promise.resolve();
  hanging.resolve();
  await clock.advance(0);
  expect(watch.trouble).toBeNull();
});

test.each([
  ['full', 'disk_full'],
  ['failing', 'no_writes'],
] as const)('writes that end as %s are known at once, and no write is needed but its own', async (state, trouble) => {
  await using world = watched();
  const { clock, database, watch } = world;
  database.touched = Promise.reject(new Error('it is so'));
  database.writeState = state;
  await clock.advance(1);
  expect(watch.trouble).toBe(trouble);
  database.writeState = 'taken';
  expect(watch.trouble).toBeNull();
});

test('a disk with less room than is to stay free takes no more mail, until there is room again', async () => {
  await using world = watched();
  const { clock, database, watch } = world;
  await clock.advance(1);
  expect(() => watch.expectRoom()).not.toThrow();
  database.found = { isThere: true, freeBytes: 499 };
  await clock.advance(KNOWN_MS);
  expect([watch.trouble, watch.freeBytes]).toEqual(['disk_full', 499]);
  expect(() => watch.expectRoom()).toThrow(expect.objectContaining({ code: 'storage_full' }));
  database.found = { isThere: true, freeBytes: 500 };
  await clock.advance(KNOWN_MS);
  expect(watch.trouble).toBeNull();
  expect(() => watch.expectRoom()).not.toThrow();
});

test('a file that is gone takes no mail, whatever its last writes said', async () => {
  await using world = watched({ isThere: false });
  await world.clock.advance(1);
  expect(world.watch.trouble).toBe('file_gone');
  expect(() => world.watch.expectRoom()).toThrow(expect.objectContaining({ code: 'database_unavailable' }));
});

test('of a database elsewhere no room is known, and none is asked for', async () => {
  await using world = watched(null);
  await world.clock.advance(1);
  expect([world.watch.trouble, world.watch.freeBytes]).toEqual([null, null]);
  expect(() => world.watch.expectRoom()).not.toThrow();
});
