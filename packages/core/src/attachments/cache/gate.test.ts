// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('one that is alone waits for those that pass, and holds up those that come later', async () => {
  const gate = new Gate();
  const first = Promise.withResolvers<void>();
  const sweep = Promise.withResolvers<void>();
  const seen: string[] = [];
  const all = [
    gate.pass(() => first.promise.then(() => seen.push('first'))),
    gate.pass(async () => seen.push('second')),
    gate.alone(async () => {
      seen.push('alone begins');
      await sweep.promise;
      seen.push('alone ends');
    }),
    gate.pass(async () => seen.push('third')),
    gate.alone(async () => seen.push('alone again')),
  ];
  await all[1];
  expect(seen).toEqual(['second']);
  first.resolve();
  await all[0];
  sweep.resolve();
  await Promise.all(all);
  expect(seen.slice(0, 4)).toEqual(['second', 'first', 'alone begins', 'alone ends']);
  expect(seen.slice(4).toSorted()).toEqual(['alone again', 'third']);
});

test('what fails opens the gate again', async () => {
  const gate = new Gate();
  await expect(gate.alone(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  await expect(gate.pass(() => Promise.reject(new Error('no space')))).rejects.toThrow('no space');
  expect(await gate.alone(async () => 'in')).toBe('in');
});
