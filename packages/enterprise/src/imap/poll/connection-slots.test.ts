// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { ConnectionSlots, type Slot } from './connection-slots.ts';

const { signal } = new AbortController();

async function taken(slots: ConnectionSlots): Promise<Slot> {
  const slot = await slots.take(signal);
  if (slot === null) throw new Error('nothing was aborted');
  return slot;
}

test('no more connections than that at a time, in the order in which they were asked for', async () => {
  const slots = new ConnectionSlots(2);
  const [first, second] = [await taken(slots), await taken(slots)];
  const order: string[] = [];
  const third = taken(slots).then((slot) => {
    order.push('third');
    return slot;
  });
  const fourth = taken(slots).then((slot) => {
    order.push('fourth');
    return slot;
  });
  // Both that wait ask for a place, of one that has one each.
  await Promise.all([first.wanted, second.wanted]);
  expect([slots.used, order]).toEqual([2, []]);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
  expect(order).toEqual(['third', 'fourth']);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(slots.used).toBe(0);
});

test('who gives up waiting leaves the place to the next', async () => {
  const slots = new ConnectionSlots(1);
  const first = await taken(slots);
  const stop = new AbortController();
  const second = slots.take(stop.signal);
  const third = taken(slots);
  stop.abort();
  expect(await second).toBeNull();
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(slots.used).toBe(0);
});
