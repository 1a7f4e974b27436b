// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from './clock.ts';

/** Lets a loop sleep until somebody has work for it. A wake-up while it is awake is not lost. */
export class WakeUp {
  readonly #clock: Pick<Clock, 'after'>;
  #isSet = false;
  #resolve: (() => void) | null = null;
  /** Listened to as long as no other is waited with: a loop waits with the same one for as long as it runs. */
  #signal: AbortSignal | null = null;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  set(): void {
    this.#isSet = true;
    this.#resolve?.();
    this.#resolve = null;
  }

  /**
   * Resolves at the next {@link set}, at once if there was one since the last wait, when `signal` aborts, or after
   * `ms`; without `ms` it waits as long as it takes.
   */
  async wait(signal: AbortSignal, ms?: number): Promise<void> {
    if (!this.#isSet && !signal.aborted && (ms === undefined || ms > 0)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      this.#listenTo(signal);
      using _timer = ms === undefined ? null : this.#clock.after(ms, resolve);
      await promise;
      this.#resolve = null;
    }
    this.#isSet = false;
  }

  #listenTo(signal: AbortSignal): void {
    if (this.#signal === signal) return;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#resolve?.();
}
