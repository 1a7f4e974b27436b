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
