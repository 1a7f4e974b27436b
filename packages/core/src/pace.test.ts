// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { Pace } from './pace.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

test('work pauses for a turn of the others after ten milliseconds, and counts anew from its end', async () => {
  const clock = new VirtualClock();
  const pace = new Pace(clock);
  expect(pace.pause()).toBeNull();
  await clock.advance(9);
  expect(pace.pause()).toBeNull();
  await clock.advance(1);
  const others: string[] = [];
  setImmediate(() => others.push('had their turn'));
  const pause = pace.pause();
  await clock.advance(5);
  await pause;
  expect(others).toEqual(['had their turn']);
  expect(pace.pause()).toBeNull();
});
