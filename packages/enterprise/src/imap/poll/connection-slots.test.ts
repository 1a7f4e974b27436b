// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { ConnectionSlots, type Slot } from './connection-slots.ts';

const { signal } = new AbortController();

async function taken(slots: ConnectionSlots, tenantId: string | null = randomUUID()): Promise<Slot> {
  const slot = await slots.take(tenantId, signal);
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
  const second = slots.take('other', stop.signal);
  const third = taken(slots);
  stop.abort();
  expect(await second).toBeNull();
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(slots.used).toBe(0);
});

test('who gives up in the middle of the line takes no place from those behind', async () => {
  const slots = new ConnectionSlots(1);
  const first = await taken(slots);
  const stop = new AbortController();
  const [second, third, fourth] = [taken(slots), slots.take('other', stop.signal), taken(slots)];
  stop.abort();
  expect(await third).toBeNull();
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
  expect(slots.used).toBe(0);
});

test('a place that was given to whoever gives up in the same moment goes to the next', async () => {
  const slots = new ConnectionSlots(1);
  const first = await taken(slots);
  const stop = new AbortController();
  const [second, third] = [slots.take('other', stop.signal), taken(slots)];
  first[Symbol.dispose]();
  stop.abort();
  expect(await second).toBeNull();
  (await third)[Symbol.dispose]();
  expect(slots.used).toBe(0);
});

test('a tenant has half of the places, however many of its mailboxes wait', async () => {
  const slots = new ConnectionSlots(4);
  const [first, second] = [await taken(slots, 'slow'), await taken(slots, 'slow')];
  const third = taken(slots, 'slow');
  const others = [await taken(slots, 'quick'), await taken(slots, null)];
  expect(slots.used).toBe(4);
  // It asks its own, and gets no place of the others.
  await first.wanted;
  for (const other of others) other[Symbol.dispose]();
  expect(slots.used).toBe(2);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(slots.used).toBe(0);
});

test('whoever waits while all were asked asks the one that has the place next', async () => {
  const slots = new ConnectionSlots(1);
  const first = await taken(slots);
  const [second, third] = [taken(slots), taken(slots)];
  await first.wanted;
  first[Symbol.dispose]();
  const held = await second;
  await held.wanted;
  held[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});
