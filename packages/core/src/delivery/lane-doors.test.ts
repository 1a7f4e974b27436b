// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { laneSettings } from './dispatch-world.case.ts';
import { Lane } from './lane.ts';
import { LaneDoors } from './lane-doors.ts';

const limited = (
  until: number,
  { scope = 'account', isSpent = true }: { readonly scope?: 'account' | 'tenant'; readonly isSpent?: boolean } = {},
): Gate => ({ kind: 'rate_limited', scope, windowMs: 60_000, limit: 1, until, isSpent });
const accountPaused = (until: number): Gate => ({
  kind: 'account_paused',
  scope: 'account',
  until,
  reason: { stage: 'auth', code: 535, enhanced: null, reply: 'no' },
});
const SUSPENDED: Gate = { kind: 'tenant_suspended', scope: 'tenant', until: null };

/** Doors whose gates are what the test says: all that close are shut until their time. */
function setUp(gates: readonly Gate[] = []) {
  const clock = new VirtualClock();
  const lane = new Lane({ accountPk: 'a', tenantId: 'acme' }, laneSettings());
  const opened: Lane[] = [];
  const shut: Lane[] = [];
  const world = {
    clock,
    lane,
    opened,
    shut,
    gates,
    readings: 0,
    /** Of the next reading. */
    fault: null as Error | null, // typed for what the tests put there
    /** Readings end when this does. */
    reading: Promise.resolve(),
  };
  const doors = new LaneDoors({
    clock,
    async readGates(_, now) {
      world.readings += 1;
      const { fault } = world;
      world.fault = null;
      const found = world.gates.filter(({ until }) => until === null || until > now);
      await world.reading;
      if (fault !== null) throw fault;
      return found;
    },
    onOpen: (of) => void opened.push(of),
    onShut: (of) => void shut.push(of),
  });
  return { ...world, world, doors };
}

describe('a lane that may not send', () => {
  test('is closed, and opens by itself when the last of its gates does', async () => {
    const { doors, world, lane, clock, opened } = setUp();
    const now = clock.now();
    world.gates = [limited(now + 5_000), accountPaused(now + 9_000)];
    expect(await doors.check(lane)).toBe(false);
    expect(doors.closed).toEqual([lane]);
    await clock.advance(8_999);
    expect(doors.isClosed(lane)).toBe(true);
    expect(opened).toEqual([]);
    await clock.advance(1);
    expect(doors.isClosed(lane)).toBe(false);
    expect(opened).toEqual([lane]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('waits as long as it takes for what only a person opens', async () => {
    const { doors, world, lane, clock, opened } = setUp([SUSPENDED]);
    world.gates = [SUSPENDED, limited(clock.now() + 1_000)];
    expect(await doors.check(lane)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(3_600_000);
    expect(doors.isClosed(lane)).toBe(true);
    world.gates = [];
    expect(await doors.check(lane)).toBe(true);
    expect(opened).toEqual([lane]);
  });

  test('is over its limit only where nothing but limits keeps it', async () => {
    const { doors, world, lane, clock } = setUp();
    const until = clock.now() + 1_000;
    expect(doors.isOverLimit(lane)).toBe(false);
    world.gates = [limited(until), limited(until + 1)];
    await doors.check(lane);
    expect(doors.isOverLimit(lane)).toBe(true);
    world.gates = [limited(until), accountPaused(until)];
    await doors.check(lane);
    expect(doors.isOverLimit(lane)).toBe(false);
  });

  test('has spent its limit where what was sent fills it, not where messages in flight or a limit of the tenant do', async () => {
    const { doors, world, lane, clock } = setUp();
    const until = clock.now() + 1_000;
    const cases: readonly (readonly [readonly Gate[], boolean])[] = [
      [[], false],
      [[limited(until)], true],
      [[limited(until, { isSpent: false })], false],
      [[limited(until, { scope: 'tenant' })], false],
      [[limited(until, { isSpent: false }), limited(until, { scope: 'tenant' })], false],
      [[limited(until, { isSpent: false }), limited(until)], true],
      [[limited(until), SUSPENDED], false],
    ];
    for (const [gates, isSpent] of cases) {
      world.gates = gates;
      await doors.check(lane);
      expect(doors.hasSpentLimit(lane), JSON.stringify(gates)).toBe(isSpent);
    }
  });

  test('is told of each time that it is found closed, also when its own time brings the look', async () => {
    const { doors, world, lane, clock, shut } = setUp();
    world.gates = [limited(clock.now() + 1_000)];
    await doors.check(lane);
    expect(shut).toEqual([lane]);
    world.gates = [limited(clock.now() + 2_000)];
    await clock.advance(1_000);
    expect(shut).toEqual([lane, lane]);
    world.gates = [];
    await doors.check(lane);
    expect(shut).toHaveLength(2);
  });

  test('looks again at its new time when the gates change', async () => {
    const { doors, world, lane, clock, opened } = setUp();
    world.gates = [limited(clock.now() + 1_000)];
    await doors.check(lane);
    world.gates = [limited(clock.now() + 60_000)];
    await doors.check(lane);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(59_999);
    expect(opened).toEqual([]);
    await clock.advance(1);
    expect(opened).toEqual([lane]);
  });

  test('goes to the end of the closed ones when it is looked at', async () => {
    const { doors, world, lane } = setUp();
    world.gates = [SUSPENDED];
    const other = new Lane({ accountPk: 'b', tenantId: 'acme' }, laneSettings());
    await doors.check(lane);
    await doors.check(other);
    await doors.check(lane);
    expect(doors.closed).toEqual([other, lane]);
  });
});

describe('a lane that may send', () => {
  test('is not told to open when it was never closed', async () => {
    const { doors, lane, opened } = setUp();
    expect(await doors.check(lane)).toBe(true);
    expect(opened).toEqual([]);
  });
});

describe('looking while a look is under way', () => {
  test('a change that was told during a reading is seen', async () => {
    const { doors, world, lane } = setUp();
    world.gates = [SUSPENDED];
    const { promise, resolve } = Promise.withResolvers<void>();
    world.reading = promise;
    const first = doors.check(lane);
    world.gates = []; // activated while the first look is on its way back
    const second = doors.check(lane);
    resolve();
    expect(await first).toBe(false);
    expect(await second).toBe(true);
    expect(doors.isClosed(lane)).toBe(false);
  });

  test('many calls make two readings', async () => {
    const { doors, world, lane } = setUp();
    await Promise.all(Array.from({ length: 10 }, () => doors.check(lane)));
    expect(world.readings).toBe(2);
    await doors.check(lane);
    expect(world.readings).toBe(3);
  });

  test('a reading that fails does not fail the next', async () => {
    const { doors, world, lane } = setUp();
    world.fault = new MailProxyError('database_unavailable');
    const first = doors.check(lane);
    const second = doors.check(lane);
    await expect(first).rejects.toThrow(MailProxyError);
    expect(await second).toBe(true);
  });
});

test('a reading that fails leaves a closed lane closed, and its time may come again', async () => {
  const { doors, world, lane, clock } = setUp();
  world.gates = [limited(clock.now() + 1_000)];
  await doors.check(lane);
  world.fault = new MailProxyError('database_unavailable');
  await clock.advance(1_000);
  expect(doors.isClosed(lane)).toBe(true);
  expect(await doors.check(lane)).toBe(true);
});

test('after the end nothing looks again, not even what was being looked at', async () => {
  const { doors, world, lane, clock } = setUp();
  const other = new Lane({ accountPk: 'b', tenantId: 'acme' }, laneSettings());
  world.gates = [limited(clock.now() + 1_000)];
  await doors.check(lane);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.reading = promise;
  const late = doors.check(other);
  doors.dispose();
  resolve();
  await late;
  expect(clock.pendingTimers).toBe(0);
  expect(doors.closed).toEqual([]);
});
