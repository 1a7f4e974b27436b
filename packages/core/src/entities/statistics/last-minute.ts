// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { TRAFFIC_KINDS, type TrafficCounts, type TrafficKind } from './statistics.table.ts';

/** What is counted falls out of the minute in steps of this. */
const SLOT_MS = 2_000;
const SLOTS = 60_000 / SLOT_MS;
const KINDS = TRAFFIC_KINDS.length;

/** Counts of the last minute, in slots that are used again: it never grows. */
export class LastMinute {
  readonly #counts = new Uint32Array(SLOTS * KINDS);
  /** Number of the newest slot since the epoch. */
  #newest = 0;

  add(kind: TrafficKind, count: number, now: number): void {
    const slot = this.#advance(now);
    const index = (slot % SLOTS) * KINDS + TRAFFIC_KINDS.indexOf(kind);
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }

  counts(now: number): TrafficCounts {
    this.#advance(now);
    return countsOf((kind) => {
      let sum = 0;
      for (let at = kind; at < this.#counts.length; at += KINDS) sum += this.#counts[at] ?? 0;
      return sum;
    });
  }

  /** Whether nothing was counted in the minute before `now`. */
  isOver(now: number): boolean {
    return Math.floor(now / SLOT_MS) - this.#newest >= SLOTS;
  }

  /** Empties the slots between the newest one and now. A clock that steps back counts in the newest. */
  #advance(now: number): number {
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(slot - this.#newest, SLOTS);
    for (let next = slot - passed + 1; next <= slot; next++) {
      const start = (next % SLOTS) * KINDS;
      this.#counts.fill(0, start, start + KINDS);
    }
    this.#newest = Math.max(this.#newest, slot);
    return this.#newest;
  }
}

/** Of each kind what `read` says of its number. */
export function countsOf(read: (kind: number) => number): TrafficCounts {
  // One entry for each of the kinds.
  return Object.fromEntries(TRAFFIC_KINDS.map((kind, index) => [kind, read(index)])) as TrafficCounts;
}
