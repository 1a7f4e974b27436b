// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slotsByTurns } from './preparer-slots.ts';

test('a tenant alone takes half, the next one half of the rest', () => {
  const one = slotsByTurns(['a'], { running: [], concurrency: 20, turn: 0 });
  expect(one).toEqual([{ tenantId: 'a', quota: 10 }]);
  const two = slotsByTurns(['a', 'b'], { running: Array(10).fill('a'), concurrency: 20, turn: 0 });
  expect(two).toEqual([{ tenantId: 'b', quota: 5 }]);
});

test('tenants that come together get the same, and another one begins each time', () => {
  const slots = (turn: number) => slotsByTurns(['a', 'b', 'c'], { running: [], concurrency: 4, turn });
  expect(slots(0)).toEqual([
    { tenantId: 'a', quota: 1 },
    { tenantId: 'b', quota: 1 },
    { tenantId: 'c', quota: 1 },
  ]);
  expect(slots(1).map(({ tenantId }) => tenantId)).toEqual(['b', 'c', 'a']);
});

test('with one slot there is one for whoever asks, and nothing is given to nobody', () => {
  expect(slotsByTurns(['a'], { running: [], concurrency: 1, turn: 7 })).toEqual([{ tenantId: 'a', quota: 1 }]);
  expect(slotsByTurns(['a'], { running: ['b'], concurrency: 1, turn: 0 })).toEqual([]);
  expect(slotsByTurns([], { running: [], concurrency: 5, turn: 3 })).toEqual([]);
});

test('no more is given than is free, and who has none gets one while there are some', () => {
  const tenant: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  fc.assert(
    fc.property(
      fc.uniqueArray(tenant),
      fc.array(tenant, { maxLength: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(),
      (tenants, running, concurrency, turn) => {
        const free = concurrency - running.length;
        const given = slotsByTurns(tenants, { running, concurrency, turn });
        const sum = given.reduce((total, { quota }) => total + quota, 0);
        expect(sum).toBeLessThanOrEqual(Math.max(0, free));
        const idle = tenants.filter((name) => !running.includes(name));
        const served = given.filter(({ tenantId }) => idle.includes(tenantId)).length;
        if (free >= tenants.length) expect(served).toBe(idle.length);
        else if (idle.length > 0 && free > 0) expect(given.length).toBeGreaterThan(0);
      },
    ),
  );
});
