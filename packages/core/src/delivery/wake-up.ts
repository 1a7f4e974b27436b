// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Lets a loop sleep until somebody has work for it. A wake-up while it is awake is not lost. */
export class WakeUp {
  #isSet = false;
  #resolve: (() => void) | null = null;

  set(): void {
    this.#isSet = true;
    this.#resolve?.();
    this.#resolve = null;
  }

  /** Resolves at the next {@link set}, at once if there was one since the last wait, or when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isSet && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      await promise;
      signal.removeEventListener('abort', onAbort);
    }
    this.#isSet = false;
  }
}
