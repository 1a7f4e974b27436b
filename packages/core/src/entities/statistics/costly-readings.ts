// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';

interface Reading<Value> {
  readonly value: Promise<Value>;
  /** Monotonic milliseconds; without end while it is read. */
  until: number;
}

/** Of the time of the database one in so many parts goes into readings of one key at most. */
const SHARE = 20;
const MIN_AGE_MS = 500;
const MAX_KEYS = 1_000;

/**
 * Readings that may cost the database much: one goes at a time for each key, all who ask share it, and it is good for
 * twenty times as long as it took. So however many look on, they cost a twentieth of the database's time.
 */
export class CostlyReadings<Value extends object> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #readings = new LRUCache<string, Reading<Value>>({ max: MAX_KEYS });

  constructor({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }) {
    this.#clock = clock;
  }

  get(key: string, read: () => Promise<Value>): Promise<Value> {
    const startedAt = this.#clock.monotonic();
    const known = this.#readings.get(key);
    if (known !== undefined && startedAt < known.until) return known.value;
    const reading: Reading<Value> = { value: read(), until: Number.POSITIVE_INFINITY };
    this.#readings.set(key, reading);
    reading.value.then(
      () => {
        const endedAt = this.#clock.monotonic();
        reading.until = endedAt + Math.max(MIN_AGE_MS, SHARE * (endedAt - startedAt));
      },
      // What failed is read anew by who asks next.
      () => {
        if (this.#readings.peek(key) === reading) this.#readings.delete(key);
      },
    );
    return reading.value;
  }
}
