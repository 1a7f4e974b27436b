// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('timers run in the order of their times, each at its own time', async () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b at ${clock.now()}`));
  clock.after(10, () => seen.push(`a at ${clock.now()}`));
  clock.after(20, () => seen.push(`c at ${clock.now()}`));
  clock.after(31, () => seen.push('never'));
  await clock.advance(30);
  expect(seen).toEqual(['a at 1010', 'b at 1020', 'c at 1020']);
  expect(clock.now()).toBe(1_030);
  expect(clock.pendingTimers).toBe(1);
});

test('a timer that is set while time moves runs in the same move', async () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  const again = (): void => {
    seen.push(clock.monotonic());
    clock.after(10, again);
  };
  clock.after(10, again);
  await clock.advance(35);
  expect(seen).toEqual([10, 20, 30]);
});

test('sleep resolves when its time has come, and early when it is aborted', async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const seen: string[] = [];
  const long = clock.sleep(1_000, abort.signal).then(() => seen.push('aborted'));
  const short = clock.sleep(10).then(() => seen.push('slept'));
  await clock.advance(10);
  await short;
  expect(seen).toEqual(['slept']);
  abort.abort();
  await long;
  expect(seen).toEqual(['slept', 'aborted']);
  expect(clock.pendingTimers).toBe(0);
  await clock.sleep(1_000, abort.signal);
});

test('a timer that was disposed of does not run', async () => {
  const clock = new VirtualClock();
  let ran = false;
  clock
    .after(10, () => {
      ran = true;
    })
    [Symbol.dispose]();
  await clock.advance(100);
  expect(ran).toBe(false);
});

test('a step of the wall clock moves neither durations nor timers', async () => {
  const clock = new VirtualClock(1_000_000);
  let ran = false;
  clock.after(10, () => {
    ran = true;
  });
  clock.setWallTime(0);
  expect(clock.now()).toBe(0);
  expect(clock.monotonic()).toBe(0);
  await clock.advance(9);
  expect(ran).toBe(false);
  await clock.advance(1);
  expect(ran).toBe(true);
});
