// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The only source of time in the engine. Deadlines and durations use `monotonic`, which a change of the
 * wall clock does not move; what is stored or shown uses `now`.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Wait. Resolves early (it does not reject) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Run `fn` once after `ms`, without keeping the process alive. Disposing cancels it. */
  after(ms: number, fn: () => void): Disposable;
}

/** setTimeout takes 2^31-1 ms at most; a longer wait would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    try {
      await delay(Math.min(Math.max(0, ms), MAX_TIMER_MS), undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** A source of numbers in [0, 1), as `Math.random`; tests pass a seeded one. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
