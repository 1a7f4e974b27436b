// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from './clock.ts';

/** Work goes on so long before others have their turn: half of what an event loop may be late by. */
const MAX_MS = 10;

/** Lets others have their turn between the pieces of work that takes long. */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Null while the work may go on at once, so that a short one waits for nothing. */
  pause(): Promise<void> | null {
    if (this.#clock.monotonic() - this.#since < MAX_MS) return null;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#since = this.#clock.monotonic();
        resolve();
      });
    });
  }
}
