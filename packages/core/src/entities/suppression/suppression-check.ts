// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import { RecentCache } from '../recent-cache.ts';
import { stoppedBy } from './suppression-address.ts';
import type { Sought, Stopping, SuppressionLookup } from './suppression-lookup.ts';

/** Who of these is not to be written to, by the address as it was asked for. */
export type FindSuppressed = (tenantId: string, addresses: readonly string[]) => Promise<ReadonlyMap<string, Stopping>>;

export interface SuppressionCheckParts {
  readonly lookup: Pick<SuppressionLookup, 'hasAny' | 'find'>;
  readonly clock: Clock;
  /** Whether this process hears which lists others change; without, each check reads. */
  readonly isTold: () => boolean;
}

const MAX_TENANTS = 10_000;
/** How long a notice of another instance may be under way. */
const MAX_AGE_MS = 1_000;
/** Entries sought by one statement, each under two names at most. */
const MAX_SOUGHT = 2_000;

interface Waiting {
  readonly sought: readonly Sought[];
  readonly resolve: (found: readonly (Stopping | undefined)[]) => void;
  readonly reject: (error: unknown) => void;
}

const NOBODY: ReadonlyMap<string, Stopping> = new Map();

/**
 * Looks recipients up in the lists of their tenants. A tenant whose list is empty is remembered as such, so that it costs
 * next to nothing; the messages of others that are checked while a look-up is under way share the next one.
 */
export class SuppressionCheck {
  readonly #parts: SuppressionCheckParts;
  readonly #tenants: RecentCache<{ readonly hasAny: boolean }>;
  readonly #waiting: Waiting[] = [];
  #isReading = false;

  constructor(parts: SuppressionCheckParts) {
    this.#parts = parts;
    this.#tenants = new RecentCache({ maxEntries: MAX_TENANTS, maxAgeMs: MAX_AGE_MS, clock: parts.clock });
  }

  readonly find: FindSuppressed = async (tenantId, addresses) => {
    if (addresses.length === 0 || !(await this.#hasAny(tenantId))) return NOBODY;
    const names = addresses.map((address) => stoppedBy(address));
    const found = await this.#read(names.flat().map((address) => ({ tenantId, address })));
    const suppressed = new Map<string, Stopping>();
    for (const [index, address] of addresses.entries()) {
      const entry = found[2 * index] ?? found[2 * index + 1];
      if (entry !== undefined) suppressed.set(address, entry);
    }
    return suppressed;
  };

  /** The list of that tenant was changed; without one, any may have been. */
  forget(tenantId?: string): void {
    if (tenantId === undefined) this.#tenants.clear();
    else this.#tenants.forget(tenantId);
  }

  async #hasAny(tenantId: string): Promise<boolean> {
    const { lookup, isTold } = this.#parts;
    const read = async () => ({ hasAny: await lookup.hasAny(tenantId) });
    const known = await (isTold() ? this.#tenants.get(tenantId, read) : read());
    return known?.hasAny === true;
  }

  #read(sought: readonly Sought[]): Promise<readonly (Stopping | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sought, resolve, reject });
      if (!this.#isReading) void this.#readAll();
    });
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    // What is asked in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#readNext();
    this.#isReading = false;
  }

  /** Tells whoever asked what went wrong; never fails itself. */
  async #readNext(): Promise<void> {
    const { lookup, clock } = this.#parts;
    const group = this.#take();
    try {
      const found = await lookup.find(
        group.flatMap(({ sought }) => sought),
        clock.now(),
      );
      let place = 0;
      for (const { sought, resolve } of group) {
        const from = place;
        resolve(sought.map((_, index) => found.get(from + index)));
        place += sought.length;
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #take(): readonly Waiting[] {
    let count = 0;
    let places = 0;
    for (const { sought } of this.#waiting) {
      if (count > 0 && places + sought.length > MAX_SOUGHT) break;
      places += sought.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
