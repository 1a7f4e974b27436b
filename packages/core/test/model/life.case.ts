// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../../src/clock.ts';
import { pick } from './streams.case.ts';

/** Short, so that it is over soon when a process stands still. */
export const LEASE_MS = 9_000;

/** How long a process stands still: around the lease, which it may or may not lose meanwhile. */
export function pauseMs(random: Random): number {
  return pick(random, [500, 0.8 * LEASE_MS, 1.4 * LEASE_MS, 1.6 * LEASE_MS, 2 * LEASE_MS, 3 * LEASE_MS]);
}

/**
 * A process as the operating system sees it: it runs, it stands still (SIGSTOP, a paused virtual machine), or it is
 * dead. What comes from outside, be it a timer, a reply of the relay or of the database, waits while it stands still
 * and never comes once it is dead; the time goes on all the while.
 */
export class Life {
  readonly name: string;
  readonly clock: Clock;
  readonly died: Promise<void>;
  /** How often it stood still. */
  pauses = 0;
  /** Since when it runs; milliseconds. */
  awakeSince: number;
  #state: 'awake' | 'paused' | 'dead' = 'awake';
  readonly #outside: Clock;
  readonly #waiting: (() => void)[] = [];
  readonly #tellDied: () => void;

  constructor(name: string, outside: Clock) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.name = name;
    this.died = promise;
    this.#tellDied = resolve;
    this.#outside = outside;
    this.clock = clockOf(this, outside);
    this.awakeSince = outside.now();
  }

  get isAwake(): boolean {
    return this.#state === 'awake';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  die(): void {
    this.#state = 'dead';
    this.#waiting.length = 0;
    this.#tellDied();
  }

  /** Stand still for so long. */
  pause(ms: number): void {
    if (this.#state !== 'awake') return;
    this.#state = 'paused';
    this.pauses += 1;
    this.#outside.after(ms, () => this.goOn());
  }

  goOn(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'awake';
    this.awakeSince = this.clock.now();
    for (const arrive of this.#waiting.splice(0)) this.whenAwake(arrive);
  }

  whenAwake(arrive: () => void): void {
    if (this.#state === 'awake') arrive();
    else if (this.#state === 'paused') this.#waiting.push(arrive);
  }

  /** Resolves when something from outside can arrive; never in a dead process. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.whenAwake(resolve));
  }
}

function clockOf(life: Life, outside: Clock): Clock {
  const after = (ms: number, fn: () => void): Disposable => {
    let isDisposed = false;
    const run = (): void => {
      if (!isDisposed) fn();
    };
    const timer = outside.after(ms, () => life.whenAwake(run));
    return {
      [Symbol.dispose]() {
        isDisposed = true;
        timer[Symbol.dispose]();
      },
    };
  };
  return {
    now: () => outside.now(),
    monotonic: () => outside.monotonic(),
    after,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener('abort', wake);
          timer[Symbol.dispose]();
          resolve();
        };
        const timer = after(ms, wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
