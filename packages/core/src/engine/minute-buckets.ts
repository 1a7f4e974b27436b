// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

interface Bucket {
  level: number;
  at: number;
}

const MINUTE_MS = 60_000;

/**
 * Counts by key what may happen so many times a minute: as many at once, then one whenever there is room again. It is
 * memory of this process, and the key that was not asked about for longest makes room for a new one.
 */
export class MinuteBuckets {
  readonly #clock: Clock;
  readonly #buckets: LRUCache<string, Bucket>;

  constructor({ clock, maxKeys }: { readonly clock: Clock; readonly maxKeys: number }) {
    this.#clock = clock;
    this.#buckets = new LRUCache({ max: maxKeys });
  }

  /** Whether nothing was ever counted. */
  get isEmpty(): boolean {
    return this.#buckets.size === 0;
  }

  /** Milliseconds until there is room for one more; 0 where there is. */
  waitMs(key: string, perMinute: number): number {
    const level = this.#refilled(key, perMinute)?.level ?? perMinute;
    return level >= 1 ? 0 : Math.ceil(((1 - level) * MINUTE_MS) / perMinute);
  }

  /** Count one where there is room; answers as {@link MinuteBuckets.waitMs} did before. */
  take(key: string, perMinute: number): number {
    const waitMs = this.waitMs(key, perMinute);
    if (waitMs > 0) return waitMs;
    const bucket = this.#buckets.get(key) ?? { level: perMinute, at: this.#clock.monotonic() };
    bucket.level -= 1;
    this.#buckets.set(key, bucket);
    return 0;
  }

  #refilled(key: string, perMinute: number): Bucket | undefined {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return undefined;
    const now = this.#clock.monotonic();
    bucket.level = Math.min(perMinute, bucket.level + ((now - bucket.at) * perMinute) / MINUTE_MS);
    bucket.at = now;
    return bucket;
  }
}
