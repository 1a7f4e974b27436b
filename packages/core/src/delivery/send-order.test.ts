// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { SendOrder } from './send-order.ts';

test('each waits for those before it, also for one before another that ended early', async () => {
  const clock = new VirtualClock();
  const order = new SendOrder();
  const reached: number[] = [];
  const places = [0, 1, 2].map((index) => {
    const place = order.next();
    void place.reached(clock).then(() => reached.push(index));
    return place;
  });
  await clock.advance(0);
  expect(reached).toEqual([0]);
  places[1]?.pass();
  await clock.advance(0);
  expect(reached).not.toContain(2);
  places[0]?.pass();
  await clock.advance(0);
  expect(reached).toContain(2);
});

test('one that never passes holds the others up for a second', async () => {
  const clock = new VirtualClock();
  const order = new SendOrder();
  order.next();
  let isReached = false;
  void order
    .next()
    .reached(clock)
    .then(() => (isReached = true));
  await clock.advance(999);
  expect(isReached).toBe(false);
  await clock.advance(1);
  expect(isReached).toBe(true);
});

test('the patience of each begins when it asks, and who passed is waited for by nobody', async () => {
  const clock = new VirtualClock();
  const order = new SendOrder();
  order.next();
  const reached: string[] = [];
  const wait = (name: string): void =>
    void order
      .next()
      .reached(clock)
      .then(() => reached.push(name));
  wait('a');
  await clock.advance(400);
  wait('b');
  await clock.advance(599);
  expect(reached).toEqual([]);
  await clock.advance(1);
  expect(reached).toEqual(['a']);
  await clock.advance(399);
  expect(reached).toEqual(['a']);
  await clock.advance(1);
  expect(reached).toEqual(['a', 'b']);
});

test('a place that is asked for late is reached at once where all before it have passed', async () => {
  const order = new SendOrder();
  const places = [order.next(), order.next(), order.next()];
  for (const place of places.slice(0, 2)) place.pass();
  await places[2]?.reached(new VirtualClock());
});
