// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { Statement } from '../statement.ts';
import { ReadQueue } from './read-queue.ts';
import type { WireUnitResult } from './wire.ts';

/** A reader that answers when it is told to, with the number of statements of each read. */
function reader() {
  const requests: { readonly sizes: readonly number[]; readonly answer: () => void; readonly break: () => void }[] = [];
  const queue = new ReadQueue((reads) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly WireUnitResult[]>();
    const sizes = reads.map((statements) => statements.length);
    requests.push({
      sizes,
      answer: () => resolve(sizes.map((size) => ({ ok: [[size, []]] }))),
      break: () => reject(new Error('gone')),
    });
    return promise;
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { queue, requests, turn };
}

// Nobody looks into them here.
const statements = (count: number): readonly Statement[] => Array.from({ length: count }, () => ({}) as Statement);
const answered = (size: number): WireUnitResult => ({ ok: [[size, []]] });

test('reads of one turn go together, and those made meanwhile go after them', async () => {
  const { queue, requests, turn } = reader();
  const first = [queue.read(statements(1)), queue.read(statements(2))];
  await turn();
  const later = [queue.read(statements(3)), queue.read(statements(4))];
  await turn();
  expect(requests.map(({ sizes }) => sizes)).toEqual([[1, 2]]);
  requests[0]?.answer();
  expect(await Promise.all(first)).toEqual([answered(1), answered(2)]);
  await turn();
  expect(requests.map(({ sizes }) => sizes)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  requests[1]?.answer();
  expect(await Promise.all(later)).toEqual([answered(3), answered(4)]);
});

test('one that is made as the last is answered is not forgotten', async () => {
  const { queue, requests, turn } = reader();
  for (let microtasks = 0; microtasks < 8; microtasks++) {
    const first = queue.read(statements(1));
    await turn();
    requests.at(-1)?.answer();
    // So many microtasks after the answer.
    for (let waited = 0; waited < microtasks; waited++) await Promise.resolve();
    const second = queue.read(statements(2));
    await first;
    await turn();
    requests.at(-1)?.answer();
    expect(await second).toEqual(answered(2));
  }
});

test('a reader that is gone fails what it was asked, and what comes next is asked again', async () => {
  const { queue, requests, turn } = reader();
  const lost = queue.read(statements(1));
  await turn();
  const next = queue.read(statements(2));
  requests[0]?.break();
  await expect(lost).rejects.toThrow('gone');
  await turn();
  requests[1]?.answer();
  expect(await next).toEqual(answered(2));
  await queue.drained();
});

test('a thousand reads go in pieces', async () => {
  const { queue, requests, turn } = reader();
  const reads = Promise.all(Array.from({ length: 1_000 }, () => queue.read(statements(1))));
  for (let request = 0; request < 40; request++) {
    await turn();
    requests.at(-1)?.answer();
  }
  expect(await reads).toHaveLength(1_000);
  expect(Math.max(...requests.map(({ sizes }) => sizes.length))).toBe(32);
});
