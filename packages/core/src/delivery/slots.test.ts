// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { claimed, deliverySettings, laneSettings } from './dispatch-world.case.ts';
import { Lane } from './lane.ts';
import { type HeldSlot, Slots } from './slots.ts';

const SETTINGS = deliverySettings({ maxSends: 10, reservedImmediate: 2 });

function lane(accountPk: string, settings: Parameters<typeof laneSettings>[0] = {}): Lane {
  return new Lane({ accountPk, tenantId: 'acme' }, laneSettings({ capacity: 100, ...settings }));
}

/** Let a lane have claimed these. */
function claim(slots: Slots, into: Lane, ...priorities: readonly number[]): void {
  into.buffered.push(...priorities.map((priority, n) => claimed({ pk: `${into.accountPk} ${n}`, priority })));
  slots.claimed(into);
}

/** Start as many messages as may start. @returns what ends each */
function startAll(slots: Slots, from: Lane, { isImmediate = false, most = 100 } = {}): (() => void)[] {
  const ends: (() => void)[] = [];
  claim(slots, from, ...Array.from({ length: most }, () => (isImmediate ? 0 : 2)));
  while (ends.length < most) {
    const taken = slots.taken();
    if (!slots.hasRoom(taken) || !slots.mayStart(from, isImmediate, taken)) break;
    from.buffered.shift();
    ends.push(slots.begin(from, isImmediate).end);
  }
  from.buffered.splice(0);
  return ends;
}

describe('slots', () => {
  test('normal messages leave those that are kept for immediate ones', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    expect(startAll(slots, lane('a'))).toHaveLength(8);
    expect(slots.isFullForNormal(slots.taken())).toBe(true);
    expect(startAll(slots, lane('b'), { isImmediate: true })).toHaveLength(2);
    expect(slots.hasRoom(slots.taken())).toBe(false);
    expect(slots.running).toBe(10);
  });

  test('a lane starts no more normal messages than its capacity, and immediate ones above it', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const narrow = lane('a', { capacity: 3 });
    expect(startAll(slots, narrow)).toHaveLength(3);
    expect(startAll(slots, narrow, { isImmediate: true, most: 2 })).toHaveLength(2);
  });

  test('who was judged leaves the slot to the next, until too many outcomes wait for their commit', () => {
    const slots = new Slots(new VirtualClock(), deliverySettings({ maxSends: 50 }));
    const one = lane('a', { capacity: 3 });
    const held: HeldSlot[] = [];
    claim(slots, one, ...Array.from({ length: 20 }, () => 2));
    while (slots.hasRoom(slots.taken()) && slots.mayStart(one, false, slots.taken())) {
      const slot = slots.begin(one, false);
      slot.leave();
      held.push(slot);
    }
    expect(held).toHaveLength(16);
    expect(one).toMatchObject({ running: 0, runningNormal: 0, unsettled: 16, inHand: 16 });
    held.pop()?.end();
    expect(slots.mayStart(one, false, slots.taken())).toBe(true);
    for (const slot of held) slot.end();
    // Twice is once.
    for (const slot of held) slot.end();
    expect(one.inHand).toBe(0);
    expect(slots).toMatchObject({ running: 0, unsettled: 0 });
  });

  test('what runs and what waits for its commit are no more than may be in doubt at once', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const held = [lane('a'), lane('b')].flatMap((each) => Array.from({ length: 5 }, () => slots.begin(each, false)));
    for (const { leave } of held.slice(0, 7)) leave();
    expect(slots).toMatchObject({ running: 3, unsettled: 7 });
    expect(slots.hasRoom(slots.taken())).toBe(false);
    held[0]?.end();
    expect(slots.hasRoom(slots.taken())).toBe(true);
  });

  test('an end gives back what was taken', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const one = lane('a');
    for (const end of startAll(slots, one)) end();
    expect(one).toMatchObject({ running: 0, runningNormal: 0 });
    expect(slots.taken()).toMatchObject({ running: 0, normal: 0, aheadNormal: 0, aheadImmediate: 0 });
    expect(startAll(slots, one)).toHaveLength(8);
  });
});

describe('a lane that makes no progress', () => {
  test('holds no slots after two seconds, and holds them again once one of its messages ends', async () => {
    const clock = new VirtualClock();
    const slots = new Slots(clock, SETTINGS);
    const [end] = startAll(slots, lane('stuck', { host: 'stuck:25' }));
    expect(slots.nextStallMs).toBe(2_001);
    await clock.advance(2_000);
    expect(slots.taken().running).toBe(8);
    expect(slots.nextStallMs).toBe(1);
    await clock.advance(1);
    expect(slots.taken()).toMatchObject({ running: 0, normal: 0 });
    expect(slots.nextStallMs).toBeNull();
    expect(startAll(slots, lane('good', { host: 'good:25' }))).toHaveLength(8);
    end?.();
    expect(slots.taken().running).toBe(15);
  });

  test('holds none for its claimed messages either', async () => {
    const clock = new VirtualClock();
    const slots = new Slots(clock, SETTINGS);
    const stuck = lane('stuck');
    startAll(slots, stuck, { most: 1 });
    claim(slots, stuck, 2, 2, 2);
    expect(slots.taken().aheadNormal).toBe(3);
    await clock.advance(2_001);
    expect(slots.taken().aheadNormal).toBe(0);
  });

  test('ten times the slots is the most that ever runs', async () => {
    const clock = new VirtualClock();
    const slots = new Slots(clock, SETTINGS);
    for (let n = 0; n < 50; n++) {
      startAll(slots, lane(`stuck${n}`, { host: `stuck${n}:25` }));
      await clock.advance(2_001);
    }
    expect(slots.running).toBe(100);
  });
});

describe('a host that fails', () => {
  const failing = (slots: Slots): Lane => {
    const dead = lane('dead', { host: 'dead:25' });
    for (const end of startAll(slots, dead, { most: 3 })) {
      slots.pathFailed(dead);
      end();
    }
    return dead;
  };

  test('may be tried with a fifth of the slots, by all its accounts together, also by immediate messages', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    failing(slots);
    expect(startAll(slots, lane('dead1', { host: 'dead:25' }), { most: 1 })).toHaveLength(1);
    expect(startAll(slots, lane('dead2', { host: 'dead:25' }))).toHaveLength(1);
    expect(startAll(slots, lane('dead3', { host: 'dead:25' }), { isImmediate: true })).toHaveLength(0);
    expect(startAll(slots, lane('alive', { host: 'alive:25' }))).toHaveLength(6);
  });

  test('has no more claimed for it than it may take, and what it has above that counts for nobody else', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const dead = failing(slots);
    expect(slots.claimableFor('dead:25', slots.taken())).toBe(2);
    claim(slots, dead, 2, 2, 2, 2, 2);
    expect(slots.taken().aheadNormal).toBe(2);
    expect(slots.claimableFor('dead:25', slots.taken())).toBe(-3);
    expect(slots.claimable(slots.taken())).toBe(18);
    slots.reached(dead);
    expect(slots.taken().aheadNormal).toBe(5);
    expect(slots.claimableFor('dead:25', slots.taken())).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('what may be claimed ahead', () => {
  test('is as much again as may be sent', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const one = lane('a');
    startAll(slots, one);
    expect(slots.claimable(slots.taken())).toBe(12);
    claim(slots, one, ...Array<number>(12).fill(2));
    expect(slots.claimable(slots.taken())).toBe(0);
  });

  test('immediate messages take none of it until they are more than may be sent', () => {
    const slots = new Slots(new VirtualClock(), SETTINGS);
    const one = lane('a');
    claim(slots, one, ...Array<number>(10).fill(0));
    expect(slots.claimable(slots.taken())).toBe(20);
    expect(slots.claimableImmediate(slots.taken())).toBe(0);
    claim(slots, one, 0, 0, 0);
    expect(slots.claimable(slots.taken())).toBe(17);
  });
});

test('whatever is started, ended and waited for: no more counts than may, and all is given back', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('start' as const), lane: fc.nat(3), isImmediate: fc.boolean() }),
    fc.record({ kind: fc.constant('end' as const), nth: fc.nat(20) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ kind: fc.constant('failed' as const), lane: fc.nat(3) }),
    fc.record({ kind: fc.constant('reached' as const), lane: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new VirtualClock();
      const slots = new Slots(clock, SETTINGS);
      const lanes = [0, 1, 2, 3].map((n) => lane(`a${n}`, { capacity: 4, host: `${n % 2}:25` }));
      const at = (n: number): Lane => lanes[n] ?? lane('none');
      const ends: (() => void)[] = [];
      for (const each of steps) {
        if (each.kind === 'start') {
          const before = slots.taken();
          const started = startAll(slots, at(each.lane), { isImmediate: each.isImmediate, most: 1 });
          ends.push(...started);
          if (started.length > 0) expect(before.running).toBeLessThan(SETTINGS.maxSends);
          if (started.length > 0 && !each.isImmediate) expect(before.normal).toBeLessThan(8);
        } else if (each.kind === 'end') ends.splice(each.nth, 1)[0]?.();
        else if (each.kind === 'wait') await clock.advance(each.ms);
        else if (each.kind === 'failed') slots.pathFailed(at(each.lane));
        else slots.reached(at(each.lane));
        expect(slots.running).toBe(ends.length);
        expect(lanes.every(({ runningNormal }) => runningNormal <= 4)).toBe(true);
      }
      for (const end of ends) end();
      expect(slots.running).toBe(0);
      expect(slots.taken()).toMatchObject({ running: 0, normal: 0, aheadNormal: 0, aheadImmediate: 0 });
    }),
  );
});
