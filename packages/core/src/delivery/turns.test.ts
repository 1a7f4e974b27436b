// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Turns, type TurnTaker } from './turns.ts';

interface NamedLane extends TurnTaker {
  readonly name: string;
}

const lane = (tenantId: string, number: number): NamedLane => ({ tenantId, name: `${tenantId}${number}` });

/** Let each lane stand in line again after its turn. */
function takeTurns(turns: Turns<NamedLane>, count: number): string[] {
  return Array.from({ length: count }, () => {
    const next = turns.take();
    if (next === undefined) throw new Error('nobody is in line');
    turns.add(next);
    return next.name;
  });
}

test('lanes of one tenant take turns in the order in which they came', () => {
  const turns = new Turns<NamedLane>();
  for (const number of [1, 2, 3]) turns.add(lane('a', number));
  expect(takeTurns(turns, 7)).toEqual(['a1', 'a2', 'a3', 'a1', 'a2', 'a3', 'a1']);
});

test('a tenant with a thousand lanes gets as many turns as a tenant with one', () => {
  const turns = new Turns<NamedLane>();
  for (let number = 0; number < 1_000; number++) turns.add(lane('a', number));
  turns.add(lane('b', 0));
  const names = takeTurns(turns, 100);
  expect(names.filter((name) => name === 'b0')).toHaveLength(50);
  expect(new Set(names.filter((name) => name !== 'b0')).size).toBe(50);
});

test('who stands in line already keeps the place', () => {
  const turns = new Turns<NamedLane>();
  const [first, second] = [lane('a', 1), lane('a', 2)];
  for (const each of [first, second, first]) turns.add(each);
  expect(turns.size).toBe(2);
  expect([turns.take(), turns.take(), turns.take()]).toEqual([first, second, undefined]);
});

test('who left the line gets no turn', () => {
  const turns = new Turns<NamedLane>();
  const [first, second] = [lane('a', 1), lane('b', 1)];
  turns.add(first);
  turns.add(second);
  turns.remove(first);
  turns.remove(first);
  expect(turns.size).toBe(1);
  expect(takeTurns(turns, 2)).toEqual(['b1', 'b1']);
});

test('nobody is in line twice, everyone gets a turn, and the size is always that of the line', () => {
  const lanes = ['a', 'b', 'c'].flatMap((tenant) => [1, 2, 3].map((number) => lane(tenant, number)));
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'take'), fc.nat(lanes.length - 1)));
  fc.assert(
    fc.property(steps, (script) => {
      const turns = new Turns<NamedLane>();
      const line = new Set<NamedLane>();
      for (const [action, index] of script) {
        const each = lanes[index] as NamedLane; // the index is below the length
        if (action === 'take') {
          const taken = turns.take();
          expect(taken === undefined ? line.size === 0 : line.delete(taken)).toBe(true);
        } else {
          turns[action === 'add' ? 'add' : 'remove'](each);
          line[action === 'add' ? 'add' : 'delete'](each);
        }
        expect(turns.size).toBe(line.size);
      }
      const rest = new Set(Array.from({ length: line.size }, () => turns.take()));
      expect(rest).toEqual(line);
    }),
  );
});

test('a tenant of weight 3 gets three turns for one of its neighbours, with one lane as with many', () => {
  const turns = new Turns<NamedLane>();
  turns.add({ ...lane('a', 1), tenantWeight: 3 });
  turns.add(lane('b', 1));
  for (const number of [1, 2]) turns.add({ ...lane('c', number), tenantWeight: 2 });
  expect(takeTurns(turns, 12)).toEqual(['a1', 'a1', 'a1', 'b1', 'c1', 'c2', 'a1', 'a1', 'a1', 'b1', 'c1', 'c2']);
});

test('a lane of weight 2 gets two turns in a row within its tenant', () => {
  const turns = new Turns<NamedLane>();
  turns.add({ ...lane('a', 1), weight: 2 });
  turns.add(lane('a', 2));
  expect(takeTurns(turns, 6)).toEqual(['a1', 'a1', 'a2', 'a1', 'a1', 'a2']);
});

test('whatever the weights, nobody waits longer than all others together have turns', () => {
  const weights = fc.array(fc.record({ tenant: fc.nat(4), weight: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(weights, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 5, maxLength: 5 }), (lanes, tenants) => {
      const turns = new Turns<NamedLane>();
      const all = lanes.map(({ tenant, weight }, index) => ({
        ...lane(`t${tenant}`, index),
        weight,
        tenantWeight: tenants[tenant] ?? 1,
      }));
      for (const each of all) turns.add(each);
      const names = takeTurns(turns, 2_000);
      // A round of tenants has at most 5 x 5 turns, and a lane is served within as many rounds as its tenant's lanes
      // have turns together.
      const bound = 25 * 5 * all.length;
      for (const each of all) {
        let last = 0;
        for (const [index, name] of names.entries()) if (name === each.name) last = index;
        expect(names.slice(0, bound)).toContain(each.name);
        expect(names.length - last).toBeLessThanOrEqual(bound);
      }
    }),
  );
});
