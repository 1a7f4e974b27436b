// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { claimed, laneSettings } from './dispatch-world.case.ts';
import { Lane } from './lane.ts';

const lane = (capacity: number): Lane => new Lane({ accountPk: 'a', tenantId: 'acme' }, laneSettings({ capacity }));

function wentWell(of: Lane, times: number): void {
  for (let n = 0; n < times; n++) of.wentWell();
}

describe('what a lane may have in hand', () => {
  test('is twice what may run, and more is claimed once half of what may run is free', () => {
    const one = lane(4);
    expect(one.room).toBe(8);
    one.running = 4;
    one.buffered.push(claimed(), claimed());
    expect(one).toMatchObject({ room: 2, wantsMore: true });
    one.buffered.push(claimed());
    expect(one).toMatchObject({ room: 1, wantsMore: false });
    one.running = 9;
    expect(one.room).toBe(0);
  });

  test('is more while its relay is faster than the claims, as far as that is seen, and as long as there is mail', () => {
    const one = lane(3);
    one.claimed(6, 6);
    expect(one.room).toBe(6);
    for (const room of [14, 22, 38, 70, 70]) {
      one.wentWell();
      one.claimed(one.room, one.room);
      expect(one).toMatchObject({ room, wantsMore: true });
    }
    one.buffered.push(...Array.from({ length: 37 }, () => claimed()));
    expect(one.wantsMore).toBe(false);
    // It was not out of messages.
    one.wentWell();
    one.claimed(33, 33);
    expect(one.room).toBe(33);
    one.claimed(0, 33);
    expect(one.room).toBe(0);
  });

  test.each<readonly [string, (of: Lane) => void]>([
    ['said 421', (of) => of.slowDown(1, 1)],
    ['could not be reached', (of) => of.failed()],
    ['judged nothing from one claim to the next', (of) => of.claimed(1, 1)],
    ['is another one', (of) => of.change(laneSettings({ capacity: 3 }))],
  ])('is not more any longer once its relay %s', (_, happens) => {
    const one = lane(3);
    one.wentWell();
    one.claimed(6, 6);
    expect(one.room).toBe(14);
    happens(one);
    expect(one.room).toBe(2 * one.capacity);
  });

  test('starts only with something claimed, and below the capacity', () => {
    const one = lane(1);
    expect(one.canStart).toBe(false);
    one.buffered.push(claimed());
    expect(one.canStart).toBe(true);
    one.running = 1;
    expect(one.canStart).toBe(false);
  });

  test('starts one for each connection until one was judged, and again after it had nothing in hand', () => {
    const one = new Lane({ accountPk: 'a', tenantId: 'acme' }, laneSettings({ capacity: 6, maxConnections: 2 }));
    one.buffered.push(claimed());
    const startAll = (): number => {
      for (; one.canStart; one.running += 1) one.begins();
      return one.running;
    };
    expect(startAll()).toBe(2);
    one.wentWell();
    one.running -= 1;
    expect(startAll()).toBe(6);
    one.running = 0;
    one.share = 1;
    expect(startAll()).toBe(1);
  });

  test('the immediate ones among the claimed are the first', () => {
    const one = lane(4);
    expect(one.bufferedImmediate).toBe(0);
    one.buffered.push(claimed({ priority: 0 }), claimed({ priority: 0 }));
    expect(one.bufferedImmediate).toBe(2);
    one.buffered.push(claimed({ priority: 1 }));
    expect(one.bufferedImmediate).toBe(2);
  });
});

describe('immediate messages', () => {
  test('run two at a time, and normal ones go on behind them', () => {
    const one = lane(4);
    const [urgent, normal] = [claimed({ pk: 'urgent', priority: 0 }), claimed({ pk: 'normal' })];
    one.buffered.push(urgent, normal);
    expect([one.next(true), one.next(false)]).toEqual([urgent, urgent]);
    one.running = 2;
    expect(one.canStartImmediate).toBe(false);
    expect([one.next(true), one.next(false)]).toEqual([undefined, normal]);
    one.runningNormal = 1;
    expect(one.next(true)).toEqual(urgent);
    one.buffered.shift();
    expect([one.next(true), one.next(false)]).toEqual([undefined, normal]);
  });

  test('are claimed two ahead of those that run', () => {
    const one = lane(1);
    expect(one.immediateRoom).toBe(4);
    one.buffered.push(claimed({ priority: 0 }), claimed());
    one.running = 3;
    one.runningNormal = 1;
    expect(one.immediateRoom).toBe(1);
    one.running = 8;
    expect(one.immediateRoom).toBe(0);
  });
});

test('a lane is stalled while something runs and nothing ended since', () => {
  const one = lane(4);
  one.progressAt = 100;
  expect(one.isStalled(101)).toBe(false);
  one.running = 1;
  expect(one.isStalled(101)).toBe(true);
  expect(one.isStalled(100)).toBe(false);
});

describe('a relay that says 421', () => {
  /** A lane of so many connections, with two messages for each. */
  const wide = (maxConnections: number): Lane =>
    new Lane({ accountPk: 'a', tenantId: 'acme' }, laneSettings({ capacity: 2 * maxConnections, maxConnections }));

  test('gets half the connections, each with one message, down to one', () => {
    const one = wide(10);
    const seen = [1, 2, 3, 4, 5].map((ms) => {
      one.slowDown(ms, ms);
      return one.capacity;
    });
    expect(seen).toEqual([5, 2, 1, 1, 1]);
  });

  test('says it once, whatever else was under way then', () => {
    const one = wide(8);
    expect(one.slowDown(100, 200)).toBe(true);
    for (const startedAt of [50, 150, 200]) expect(one.slowDown(startedAt, 300)).toBe(false);
    expect(one.capacity).toBe(4);
    expect(one.slowDown(201, 300)).toBe(true);
    expect(one.capacity).toBe(2);
  });

  test('gets one more after twenty that it judged, and all again once it has as many as the account allows', () => {
    const one = wide(4);
    one.slowDown(1, 1);
    wentWell(one, 19);
    expect(one.capacity).toBe(2);
    wentWell(one, 1);
    expect(one.capacity).toBe(3);
    wentWell(one, 20);
    expect(one.capacity).toBe(8);
    wentWell(one, 200);
    expect(one.capacity).toBe(8);
  });

  test('begins to count anew with each 421', () => {
    const one = wide(10);
    one.slowDown(1, 1);
    wentWell(one, 19);
    one.slowDown(2, 2);
    wentWell(one, 19);
    expect(one.capacity).toBe(2);
  });

  test('is forgotten with new settings', () => {
    const one = wide(10);
    one.slowDown(1, 1);
    one.change(laneSettings({ capacity: 8 }));
    expect(one.capacity).toBe(8);
  });
});
