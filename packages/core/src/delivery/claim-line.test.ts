// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { ClaimLine } from './claim-line.ts';
import { claimed, DispatchWorld, deliverySettings, laneSettings } from './dispatch-world.case.ts';
import { Lane } from './lane.ts';
import { Slots } from './slots.ts';

/** What a lane has in hand. */
const held = fc.record({
  host: fc.constantFrom('one.test:25', 'two.test:25'),
  capacity: fc.integer({ min: 1, max: 6 }),
  slowDowns: fc.nat({ max: 2 }),
  running: fc.nat({ max: 8 }),
  runningImmediate: fc.nat({ max: 3 }),
  buffered: fc.array(fc.constantFrom(0, 2), { maxLength: 8 }),
});

test('whatever is in hand, a lane that waits for nothing is claimed for, and one that waits for something is not', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(held, { minLength: 1, maxLength: 4 }),
      fc.subarray(['one.test:25', 'two.test:25']),
      fc.boolean(),
      (lanes, failing, isImmediate) => {
        const slots = new Slots(new VirtualClock(), deliverySettings({ maxSends: 10, reservedImmediate: 2 }));
        const made = lanes.map(({ host, capacity, slowDowns, running, runningImmediate, buffered }, index) => {
          const lane = new Lane({ accountPk: `a${index}`, tenantId: 'acme' }, laneSettings({ host, capacity }));
          for (let n = 0; n < slowDowns; n++) lane.slowDown(n + 1, n + 1);
          for (let n = 0; n < running; n++) slots.begin(lane, false);
          for (let n = 0; n < runningImmediate; n++) slots.begin(lane, true);
          const pks = buffered.toSorted().map((priority, n) => claimed({ pk: `${index}-${n}`, priority }));
          lane.buffered.push(...pks);
          slots.claimed(lane);
          if (failing.includes(host)) for (let n = 0; n < 3; n++) slots.pathFailed(lane);
          return lane;
        });
        const [lane] = made;
        if (lane === undefined) return;
        const line = new ClaimLine(slots);
        line.add(lane, isImmediate);
        const waits = line.waits(lane, isImmediate);
        for (const wait of waits) seen.add(wait);
        const claims = [...(isImmediate ? line.nextUrgent() : []), ...line.next()];
        expect({ waits, isClaimed: claims.length > 0 }).toEqual({ waits, isClaimed: waits.length === 0 });
      },
    ),
    { numRuns: 2_000 },
  );
  expect([...seen].toSorted()).toEqual(['account_busy', 'host_failing', 'server_busy', 'slowed_down']);
});

test('where many lanes have mail, a turn is of ten messages, and each lane has its turn', () => {
  const line = new ClaimLine(new Slots(new VirtualClock(), deliverySettings({ maxSends: 10 })));
  const pks = Array.from({ length: 9 }, (_, n) => `a${n}`);
  for (const pk of pks) line.add(new Lane({ accountPk: pk, tenantId: pk }, laneSettings({ capacity: 9 })), false);
  const claims = Array.from({ length: 5 }, () => line.next());
  expect(claims.map((lanes) => lanes.map(({ quota }) => quota))).toEqual([
    [10, 10],
    [10, 10],
    [10, 10],
    [10, 10],
    [18],
  ]);
  expect(claims.flat().map(({ lane }) => lane.accountPk)).toEqual(pks);
});

describe('what waits to be claimed says for what', () => {
  const isBusy = (world: DispatchWorld, accountPk: string, isImmediate = false) =>
    world.dispatcher.claimWaits(accountPk, isImmediate);

  test('all sends of the server are taken: a normal message waits, an immediate one does not', async () => {
    await using world = new DispatchWorld({ maxSends: 2, reservedImmediate: 1 });
    world.addAccount('a');
    world.addAccount('b');
    world.accept('a', 10);
    await world.idle();
    world.accept('b', 1);
    await world.idle();
    expect(world.waiting).toContain('b-000011');
    expect([isBusy(world, 'b'), isBusy(world, 'b', true)]).toEqual([['server_busy'], []]);
  });

  test('the account has as much in hand as its connections take', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 2 });
    world.addAccount('b');
    world.accept('a', 10);
    await world.idle();
    expect([isBusy(world, 'a'), isBusy(world, 'b')]).toEqual([['account_busy'], []]);
  });

  test('its relay said 421, until it is trusted again', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 4 });
    world.accept('a', 200);
    await world.idle();
    world.dispatcher.slowDown('a', world.clock.monotonic());
    expect(isBusy(world, 'a')).toEqual(['slowed_down']);
    for (let n = 0; n < 40; n++) {
      world.dispatcher.pathTried('a', true);
      await world.endOldest(1);
    }
    expect(isBusy(world, 'a')).toEqual(['account_busy']);
  });

  test('its host fails, for all accounts that lead to it', async () => {
    await using world = new DispatchWorld({ maxSends: 10 });
    for (const pk of ['a', 'b']) world.addAccount(pk, { host: 'dead.test:25' });
    world.accept('a', 1);
    await world.idle();
    for (let n = 0; n < 3; n++) world.dispatcher.pathTried('a', false);
    world.accept('a', 9);
    world.accept('b', 9);
    await world.idle();
    expect([isBusy(world, 'a'), isBusy(world, 'b')]).toEqual([['host_failing'], ['host_failing']]);
    world.dispatcher.pathTried('a', true);
    expect(isBusy(world, 'b')).toEqual([]);
  });
});
