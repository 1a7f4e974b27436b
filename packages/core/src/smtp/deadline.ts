// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

/**
 * One deadline that is moved often and rarely reached. Moving it later costs no timer: the one that is armed fires,
 * sees that it is early, and arms itself for the rest.
 */
export class Deadline implements Disposable {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #onExpired: () => void;
  /** On the monotonic clock; infinite while nothing is waited for. */
  #dueAt = Number.POSITIVE_INFINITY;
  #timer: Disposable | null = null;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Expire `ms` from now, instead of whenever it was to expire before. */
  set(ms: number): void {
    const now = this.#clock.monotonic();
    this.setAt(now + ms, now);
  }

  /** The same on the monotonic clock, for who knows what time it is. */
  setAt(dueAt: number, now: number): void {
    this.#dueAt = dueAt;
    if (this.#firesAt > dueAt) this.#arm(dueAt - now);
  }

  clear(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  [Symbol.dispose](): void {
    this.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #arm(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    // Timers may fire a little before the monotonic clock says so; never arm for 0 ms in a loop.
    const delayMs = Math.max(1, Math.ceil(ms));
    this.#firesAt = this.#clock.monotonic() + delayMs;
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = null;
      this.#firesAt = Number.POSITIVE_INFINITY;
      if (this.#dueAt === Number.POSITIVE_INFINITY) return;
      const remainingMs = this.#dueAt - this.#clock.monotonic();
      if (remainingMs > 0) return this.#arm(remainingMs);
      this.clear();
      this.#onExpired();
    });
  }
}
