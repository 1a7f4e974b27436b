// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

export interface RecentCacheOptions {
  /** The oldest entry makes room for a new one. */
  readonly maxEntries: number;
  /** Milliseconds from the start of a load until the next one: how long a change by another process may go unnoticed. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

interface Entry<Value> {
  readonly value: Promise<Value | null>;
  readonly until: number;
}

/**
 * Remembers for a moment what was read from the database. Callers that ask at once share one read. What is absent and
 * what failed is not remembered.
 */
export class RecentCache<Value> {
  readonly #options: RecentCacheOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: RecentCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const now = this.#options.clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined && now < known.until) return known.value;
    const value = load();
    const entry = { value, until: now + this.#options.maxAgeMs };
    this.#entries.delete(key);
    this.#makeRoom();
    this.#entries.set(key, entry);
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    value.then((found) => {
      if (found === null) forget();
    }, forget);
    return value;
  }

  /** Forget everything, reads under way included: for after a change. */
  clear(): void {
    this.#entries.clear();
  }

  /** Forget one, a read of it under way included. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#options.maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
