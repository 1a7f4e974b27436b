// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

interface Timer {
  /** On the monotonic scale. */
  readonly dueAt: number;
  readonly fn: () => void;
}

/**
 * Time that stands still until it is moved. Both scales move together; only {@link VirtualClock.setWallTime} parts
 * them.
 * @example
 * const clock = new VirtualClock();
 * const slept = clock.sleep(1_000);
 * await clock.advance(1_000);
 * await slept;
 */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
  #wallOffset: number;

  /** @param startAt wall time in milliseconds since the epoch */
  constructor(startAt = Date.UTC(2030, 0, 1)) {
    this.#wallOffset = startAt;
  }

  /** Timers that have not run. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#wallOffset + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        timer[Symbol.dispose]();
        resolve();
      };
      const timer = this.after(ms, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  after(ms: number, fn: () => void): Disposable {
    const timer = { dueAt: this.#elapsed + Math.max(0, ms), fn };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /**
   * Move on by `ms`. What becomes due runs in its order, each at its own time, and promises get to go on in between, so
   * that a timer set by a timer runs too.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settled();
    for (let next = this.#firstDue(end); next !== undefined; next = this.#firstDue(end)) {
      this.#elapsed = next.dueAt;
      this.#timers.delete(next);
      next.fn();
      await settled();
    }
    this.#elapsed = end;
  }

  /** Set the wall clock, as an administrator or NTP does; timers and durations are not moved. */
  setWallTime(ms: number): void {
    this.#wallOffset = ms - this.#elapsed;
  }

  /** Equal times go by the order in which they were set: a Set keeps it. */
  #firstDue(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (first === undefined || timer.dueAt < first.dueAt)) first = timer;
    }
    return first;
  }
}

/** Resolves after the promise jobs that wait now, and those that they make. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
