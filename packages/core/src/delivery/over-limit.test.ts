// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { claimed, laneSettings } from './dispatch-world.case.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { OverLimit } from './over-limit.ts';

/** A lane with so many ready messages. */
function setUp(ready: number, settings: Partial<LaneSettings> = { limitBehavior: 'reject' }) {
  const lane = new Lane({ accountPk: 'a', tenantId: 'acme' }, laneSettings(settings));
  const world = { lane, ready, isOver: true, rejected: 0, claims: [] as number[], onReject: (): void => undefined };
  const overLimit = new OverLimit(
    {
      clock: new VirtualClock(),
      keeper: { number: 7 },
      async claim([first], { session }) {
        const count = Math.min(first?.quota ?? 0, world.ready);
        world.ready -= count;
        world.claims.push(count);
        return [Array.from({ length: count }, (_, n) => claimed({ pk: `m${n}`, owner_session: session }))];
      },
      async reject() {
        world.rejected += 1;
        world.onReject();
      },
    },
    () => world.isOver,
  );
  return { world, lane, overLimit };
}

test('all that is ready is failed, a hundred at a time', async () => {
  const { world, lane, overLimit } = setUp(250);
  await overLimit.reject(lane);
  expect(world).toMatchObject({ ready: 0, rejected: 250, claims: [100, 100, 50] });
});

test('an account that defers, or is below its limit, has nothing failed', () => {
  const deferring = setUp(10, { limitBehavior: 'defer' });
  expect(deferring.overLimit.reject(deferring.lane)).toBeNull();
  const below = setUp(10);
  below.world.isOver = false;
  expect(below.overLimit.reject(below.lane)).toBeNull();
  expect(below.world.claims).toEqual([]);
});

test('it ends once the lane may send again', async () => {
  const { world, lane, overLimit } = setUp(1_000);
  world.onReject = () => {
    world.isOver = false;
  };
  await overLimit.reject(lane);
  expect(world).toMatchObject({ ready: 900, rejected: 100 });
});

test('a lane is rejected from once at a time, and what arrives meanwhile is not left', async () => {
  const { world, lane, overLimit } = setUp(1);
  world.onReject = () => {
    if (world.rejected > 1) return;
    world.ready += 1;
    lane.arrivals += 1;
    expect(overLimit.reject(lane)).toBeNull();
  };
  await overLimit.reject(lane);
  expect(world).toMatchObject({ ready: 0, rejected: 2 });
  world.ready = 1;
  await overLimit.reject(lane);
  expect(world.rejected).toBe(3);
});
