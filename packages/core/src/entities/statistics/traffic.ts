// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import { countsOf, LastMinute } from './last-minute.ts';
import { TRAFFIC_KINDS, type TrafficCounts, type TrafficKind } from './statistics.table.ts';

/** What was counted of one tenant in one minute. */
export interface TrafficMinute extends TrafficCounts {
  /** Milliseconds: where the minute begins. */
  readonly at: number;
  readonly tenantId: string;
}

/** Something that happened to mail. */
export interface Counted {
  readonly kind: TrafficKind;
  readonly tenantId: string;
  /** Whose lane it is; absent where it is nobody's. */
  readonly accountPk?: string;
  /** @defaultValue 1 */
  readonly count?: number;
}

export const MINUTE_MS = 60_000;

/**
 * Counts what happens to mail, in memory alone: by minute and tenant until it is written down, and by account and
 * tenant over the last minute. To count costs a look into three maps, and no message waits for it.
 */
export class Traffic {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #all = new LastMinute();
  readonly #tenants = new Map<string, LastMinute>();
  readonly #accounts = new Map<string, LastMinute>();
  /** By minute, then by tenant. */
  readonly #minutes = new Map<number, Map<string, Uint32Array>>();

  /** Minutes before this one are written down: nothing is added to them, though the clock may step back into one. */
  #openFrom = 0;

  constructor({ clock }: { readonly clock: Pick<Clock, 'now'> }) {
    this.#clock = clock;
  }

  count({ kind, tenantId, accountPk, count = 1 }: Counted): void {
    const now = this.#clock.now();
    this.#all.add(kind, count, now);
    entryOf(this.#tenants, tenantId, newLastMinute).add(kind, count, now);
    if (accountPk !== undefined) entryOf(this.#accounts, accountPk, newLastMinute).add(kind, count, now);
    const tenants = entryOf(this.#minutes, Math.max(minuteOf(now), this.#openFrom), newTenants);
    const counts = entryOf(tenants, tenantId, newCounts);
    const index = TRAFFIC_KINDS.indexOf(kind);
    counts[index] = (counts[index] ?? 0) + count;
  }

  /** Of a tenant, or of all with null. */
  lastMinute(tenantId: string | null): TrafficCounts {
    return this.#countsOf(tenantId === null ? this.#all : this.#tenants.get(tenantId));
  }

  lastMinuteOf(accountPk: string): TrafficCounts {
    return this.#countsOf(this.#accounts.get(accountPk));
  }

  /** Add no more to the minutes that began before then: they are about to be written down. */
  closeBefore(before: number): void {
    this.#openFrom = Math.max(this.#openFrom, before);
  }

  /** What is in memory of the minutes that began before then, a row for each tenant with traffic. */
  minutesBefore(before: number): readonly TrafficMinute[] {
    const rows: TrafficMinute[] = [];
    for (const [at, tenants] of this.#minutes) {
      if (at >= before) continue;
      for (const [tenantId, counts] of tenants) rows.push({ at, tenantId, ...countsOf((kind) => counts[kind] ?? 0) });
    }
    return rows;
  }

  /** Those minutes were written down; whoever was silent for a minute is forgotten too. */
  forgetBefore(before: number): void {
    for (const at of [...this.#minutes.keys()]) if (at < before) this.#minutes.delete(at);
    const now = this.#clock.now();
    for (const lasts of [this.#tenants, this.#accounts]) {
      for (const [key, last] of lasts) if (last.isOver(now)) lasts.delete(key);
    }
  }

  #countsOf(last: LastMinute | undefined): TrafficCounts {
    return last === undefined ? countsOf(() => 0) : last.counts(this.#clock.now());
  }
}

/** Where the minute begins that `ms` lies in. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const newLastMinute = (): LastMinute => new LastMinute();
const newTenants = (): Map<string, Uint32Array> => new Map();
const newCounts = (): Uint32Array => new Uint32Array(TRAFFIC_KINDS.length);
