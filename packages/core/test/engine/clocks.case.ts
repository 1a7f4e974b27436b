// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '../../src/clock.ts';

/** Time that passes `speed` times as fast as it does, so that minutes can be waited for with real relays. */
export function racingClock(speed: number): Clock {
  const wallStart = systemClock.now();
  const start = systemClock.monotonic();
  const elapsed = (): number => (systemClock.monotonic() - start) * speed;
  return {
    // Whole milliseconds, as the system's.
    now: () => wallStart + Math.floor(elapsed()),
    monotonic: elapsed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    after: (ms, fn) => systemClock.after(ms / speed, fn),
  };
}

/** The system's time, with a wall clock that can be set, back with less than nothing. */
export function settableClock(): Clock & { forward(ms: number): void } {
  let aheadMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + aheadMs,
    forward(ms) {
      aheadMs += ms;
    },
  };
}
