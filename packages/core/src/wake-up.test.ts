// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from './testing/virtual-clock.ts';
import { WakeUp } from './wake-up.ts';

/** A wait, and whether it has ended. */
function waitOn(wake: WakeUp, signal: AbortSignal, ms?: number) {
  const wait = { isOver: false };
  void wake.wait(signal, ms).then(() => (wait.isOver = true));
  return wait;
}

test('ends when somebody sets it, when its time is over, and when its signal aborts', async () => {
  const clock = new VirtualClock();
  const wake = new WakeUp(clock);
  const [first, second] = [new AbortController(), new AbortController()];
  const isOver = async (wait: { readonly isOver: boolean }): Promise<boolean> => {
    await clock.advance(0);
    return wait.isOver;
  };
  const set = waitOn(wake, first.signal);
  expect(await isOver(set)).toBe(false);
  wake.set();
  expect(await isOver(set)).toBe(true);
  const timed = waitOn(wake, first.signal, 10);
  await clock.advance(9);
  expect(timed.isOver).toBe(false);
  await clock.advance(1);
  expect(await isOver(timed)).toBe(true);
  const other = waitOn(wake, second.signal);
  first.abort();
  expect(await isOver(other)).toBe(false);
  second.abort();
  expect(await isOver(other)).toBe(true);
  expect(await isOver(waitOn(wake, second.signal))).toBe(true);
});

test('a wake-up while nobody waits is not lost, and counts once', async () => {
  const clock = new VirtualClock();
  const wake = new WakeUp(clock);
  const { signal } = new AbortController();
  wake.set();
  wake.set();
  await wake.wait(signal);
  const next = waitOn(wake, signal);
  await clock.advance(0);
  expect(next.isOver).toBe(false);
});
