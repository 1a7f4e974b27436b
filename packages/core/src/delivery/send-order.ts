// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

/** The place of an attempt among those of its lane. */
export interface Place {
  /** Resolves once all that began before have asked for a connection, or will not ask; soon in any case. */
  reached(clock: Pick<Clock, 'after'>): Promise<void>;
  /** Those behind may go on. Only the first call counts. */
  pass(): void;
}

/** A hook that hangs, or a read that is slow, holds those behind it up for no longer. */
const PATIENCE_MS = 1_000;

/**
 * Lets attempts ask for a connection in the order in which they began, however long the database takes to load which: so
 * messages of one account and level are first sent in the order of acceptance.
 */
export class SendOrder {
  #last: Promise<unknown> = Promise.resolve();

  next(): Place {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    // One that ends early must not let those behind it pass those before it.
    this.#last = Promise.all([before, promise]);
    return {
      async reached(clock) {
        const patience = Promise.withResolvers<void>();
        using _ = clock.after(PATIENCE_MS, patience.resolve);
        await Promise.race([before, patience.promise]);
      },
      pass: resolve,
    };
  }
}
