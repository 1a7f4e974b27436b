// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { siteOf } from '../config/ip-ranges.ts';
import { MinuteBuckets } from './minute-buckets.ts';

/** Addresses, and holders behind them, that are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * Limits the wrong tokens of each client address. Once there were too many no token of that address is looked at, be it
 * right or wrong, but for those that were right there before: who shares the address with somebody who guesses goes on.
 */
export class GuessGuard {
  readonly #failures: MinuteBuckets;
  readonly #holders = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  readonly #perMinute: number;

  /** @param perMinute - wrong tokens that an address may send */
  constructor(clock: Clock, perMinute: number) {
    this.#perMinute = perMinute;
    this.#failures = new MinuteBuckets({ clock, maxKeys: MAX_REMEMBERED });
  }

  /** Milliseconds until a token of the address is looked at again; 0 where it is now. */
  waitMs(address: string, hash: Buffer): number {
    // On the path of every request, and nearly always so.
    if (this.#failures.isEmpty) return 0;
    const waitMs = this.#failures.waitMs(siteOf(address), this.#perMinute);
    return waitMs === 0 || this.#holders.has(holder(address, hash)) ? 0 : waitMs;
  }

  failed(address: string, hash: Buffer): void {
    this.#holders.delete(holder(address, hash));
    this.#failures.take(siteOf(address), this.#perMinute);
  }

  succeeded(address: string, hash: Buffer): void {
    this.#holders.set(holder(address, hash), true);
  }
}

function holder(address: string, hash: Buffer): string {
  return `${address} ${hash.toString('base64')}`;
}
