// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

export interface StandingClock {
  readonly clock: Clock;
  /** Move on, running what becomes due on the way at its own time. */
  advance(ms: number): void;
  timersMade(): number;
  timersArmed(): number;
}

/** A clock that stands still until it is moved, and counts the timers made with it. */
export function standingClock(): StandingClock {
  let now = 0;
  let made = 0;
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: () => Promise.reject(new Error('nothing sleeps here')),
    after(ms, fn) {
      made += 1;
      const timer = { at: now + ms, fn };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
  };
  const advance = (ms: number): void => {
    const end = now + ms;
    for (;;) {
      const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      now = next.at;
      timers.delete(next);
      next.fn();
    }
    now = end;
  };
  return { clock, advance, timersMade: () => made, timersArmed: () => timers.size };
}
