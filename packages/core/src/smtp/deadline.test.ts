// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { Deadline } from './deadline.ts';
import { standingClock } from './standing-clock.case.ts';

describe('Deadline', () => {
  test('expires once, at its time and not before', () => {
    const { clock, advance, timersArmed } = standingClock();
    let expired = 0;
    const deadline = new Deadline(clock, () => (expired += 1));
    deadline.set(100);
    advance(99);
    expect(expired).toBe(0);
    advance(1);
    expect(expired).toBe(1);
    advance(1_000);
    expect(expired).toBe(1);
    expect(timersArmed()).toBe(0);
  });

  test('moved later it expires later, with one more timer however often it was moved', () => {
    const { clock, advance, timersMade } = standingClock();
    let expiredAt: number | null = null;
    const deadline = new Deadline(clock, () => (expiredAt = clock.monotonic()));
    for (let moves = 0; moves < 50; moves += 1) {
      deadline.set(100);
      advance(1);
    }
    advance(1_000);
    expect(expiredAt).toBe(149);
    expect(timersMade()).toBe(2);
  });

  test('moved earlier it expires earlier', () => {
    const { clock, advance } = standingClock();
    let expiredAt: number | null = null;
    const deadline = new Deadline(clock, () => (expiredAt = clock.monotonic()));
    deadline.set(1_000);
    deadline.set(10);
    advance(2_000);
    expect(expiredAt).toBe(10);
  });

  test('cleared or disposed it does not expire', () => {
    const { clock, advance, timersArmed } = standingClock();
    let expired = 0;
    const deadline = new Deadline(clock, () => (expired += 1));
    deadline.set(10);
    deadline.clear();
    advance(100);
    deadline.set(10);
    deadline[Symbol.dispose]();
    expect(timersArmed()).toBe(0);
    advance(100);
    expect(expired).toBe(0);
  });
});
