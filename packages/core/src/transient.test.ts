// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TransientMap, TransientSet } from './transient.ts';

const key = fc.nat(300);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }) },
  { weight: 18, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

test('a transient map holds what a map would, in its order, however often it is renewed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_000, size: 'max' }), (steps) => {
      const map = new TransientMap<number, number>();
      const model = new Map<number, number>();
      for (const each of steps) {
        if (each.kind === 'set') {
          map.set(each.key, each.value);
          model.set(each.key, each.value);
        } else if (each.kind === 'delete') {
          expect(map.delete(each.key)).toBe(model.delete(each.key));
        } else {
          map.clear();
          model.clear();
        }
        expect(map.size).toBe(model.size);
      }
      expect([...map.entries()]).toEqual([...model.entries()]);
      expect([...map.keys()]).toEqual([...model.keys()]);
      expect([...map.values()]).toEqual([...model.values()]);
      for (let at = 0; at <= 300; at++) expect([map.has(at), map.get(at)]).toEqual([model.has(at), model.get(at)]);
    }),
    { numRuns: 30 },
  );
});

test('a transient set holds each value once, in the order of the first time', () => {
  const set = new TransientSet<number>();
  for (let value = 0; value < 500; value++) {
    set.add(value);
    set.add(value);
    if (value >= 100) expect(set.delete(value - 100)).toBe(true);
  }
  expect(set.size).toBe(100);
  expect([...set.values()]).toEqual(Array.from({ length: 100 }, (_, index) => index + 400));
  expect([set.has(399), set.has(400), set.delete(399)]).toEqual([false, true, false]);
  set.clear();
  expect([set.size, [...set.values()]]).toEqual([0, []]);
});

test('who walks through it may take out what comes next', () => {
  const map = new TransientMap<number, string>();
  for (let key = 0; key < 10; key++) map.set(key, 'v');
  const seen: number[] = [];
  for (const [key] of map.entries()) {
    seen.push(key);
    map.delete(key);
    map.delete(key + 1);
  }
  expect([seen, map.size]).toEqual([[0, 2, 4, 6, 8], 0]);
});
