// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Why a tenant is served. */
export interface Turn {
  /** There may be events without a number. */
  readonly fresh: boolean;
  /** Asked for by hand: call now, whatever the tenant and its failures say. */
  readonly force: boolean;
  /** Calls without news in a row that the tenant's own `queued` brought about. */
  readonly queuedInARow: number;
  /** The endpoint that failed has just answered: tell it what failed. */
  readonly isAnswering: boolean;
}

export const PLAIN_TURN: Turn = { fresh: false, force: false, queuedInARow: 0, isAnswering: false };

/**
 * Milliseconds from the end of a turn to the next one that a wake-up brings about. The first event is told at once;
 * under load those of this time go together in one call and share the commits of numbering and acknowledgement.
 */
const REST_MS = 50;

/**
 * Milliseconds after which a turn counts as slow. A good endpoint answers sooner; one that does not keeps its slot no
 * longer than this from others.
 */
const SLOW_MS = 250;
/** Slow turns that may go on beside the slots, for each slot. */
const SLOW_PER_SLOT = 4;

/** What a turn that is over leaves behind. */
export interface TurnEnd {
  /** Whether the tenant's last call failed. */
  readonly failing: boolean;
  /** The turn that follows of itself; a wake-up in between brings it forward. */
  readonly next: { readonly atMs: number; readonly turn: Turn } | null;
  /** Milliseconds until a wake-up brings about a turn. @defaultValue {@link REST_MS} */
  readonly restMs?: number;
}

interface Planned {
  readonly turn: Turn;
  readonly atMs: number;
}

/**
 * Whose turn it is. A tenant has one turn at a time, due tenants come in the order in which they became due, and one
 * with a backlog goes to the end after each call. Tenants whose last call failed share half of the slots, and a turn
 * that takes long gives its slot to others, up to four for each: so endpoints that hang delay others by a
 * quarter of a second, and not at all once their time-outs have told which they are.
 *
 * Times are of the monotonic clock. Plain state, no timers: the reporter waits until {@link nextDueAt}.
 */
export class TenantSchedule {
  readonly #slots: number;
  readonly #slotsForFailing: number;
  readonly #maxSlow: number;
  readonly #due = new Map<string, Turn>();
  readonly #later = new Map<string, Planned>();
  /** With what was asked for meanwhile. */
  readonly #running = new Map<string, Planned | null>();
  /** In the order in which they began. */
  readonly #begunAt = new Map<string, number>();
  /** Of those, the ones that take long. */
  readonly #slow = new Set<string>();
  readonly #failing = new Set<string>();
  readonly #restUntil = new Map<string, number>();

  constructor(slots: number) {
    this.#slots = slots;
    this.#slotsForFailing = Math.max(1, Math.floor(slots / 2));
    this.#maxSlow = slots * SLOW_PER_SLOT;
  }

  /** Turns under way. */
  get running(): number {
    return this.#running.size;
  }

  /** When a turn that is planned becomes due, or a slot free for one that is; null when neither will happen by itself. */
  get nextDueAt(): number | null {
    let earliest: number | null = this.#due.size === 0 ? null : this.#nextSlowAt;
    for (const { atMs } of this.#later.values()) {
      if (earliest === null || atMs < earliest) earliest = atMs;
    }
    return earliest;
  }

  /** Wake up for a tenant: its turn comes as soon as it has rested, that asked for by hand at once. */
  wake(tenantId: string, nowMs: number, turn: Turn): void {
    const rested = turn.force ? nowMs : Math.max(nowMs, this.#restUntil.get(tenantId) ?? nowMs);
    this.#plan(tenantId, rested, turn);
  }

  /** Give the tenant a turn at `atMs` or earlier. While it has one, that follows the one under way. */
  #plan(tenantId: string, atMs: number, turn: Turn): void {
    const running = this.#running.get(tenantId);
    if (running !== undefined) {
      this.#running.set(tenantId, merged(running, { turn, atMs }));
      return;
    }
    const due = this.#due.get(tenantId);
    if (due !== undefined) this.#due.set(tenantId, mergedTurn(due, turn));
    else this.#later.set(tenantId, merged(this.#later.get(tenantId) ?? null, { turn, atMs }));
  }

  /** Begin the next turn there is a slot for; null when none is due. */
  begin(nowMs: number): { readonly tenantId: string; readonly turn: Turn } | null {
    for (const [tenantId, { turn, atMs }] of this.#later) {
      if (atMs > nowMs) continue;
      this.#later.delete(tenantId);
      this.#due.set(tenantId, turn);
    }
    this.#markSlow(nowMs);
    if (this.#running.size - this.#slow.size >= this.#slots) return null;
    const mayRetry = this.#runningFailing() < this.#slotsForFailing;
    for (const [tenantId, turn] of this.#due) {
      if (!mayRetry && this.#failing.has(tenantId)) continue;
      this.#due.delete(tenantId);
      this.#running.set(tenantId, null);
      this.#begunAt.set(tenantId, nowMs);
      return { tenantId, turn };
    }
    return null;
  }

  end(tenantId: string, nowMs: number, { failing, next, restMs = REST_MS }: TurnEnd): void {
    const restUntil = nowMs + restMs;
    this.#restUntil.set(tenantId, restUntil);
    const asked = this.#running.get(tenantId) ?? null;
    this.#running.delete(tenantId);
    this.#begunAt.delete(tenantId);
    this.#slow.delete(tenantId);
    if (failing) this.#failing.add(tenantId);
    else this.#failing.delete(tenantId);
    if (asked !== null) this.#plan(tenantId, asked.turn.force ? asked.atMs : restUntil, asked.turn);
    if (next !== null) this.#plan(tenantId, next.atMs, next.turn);
  }

  /** When the next turn that has a slot counts as slow; null when there is none, or no room for one more. */
  get #nextSlowAt(): number | null {
    if (this.#slow.size >= this.#maxSlow) return null;
    for (const [tenantId, begunAt] of this.#begunAt) if (!this.#slow.has(tenantId)) return begunAt + SLOW_MS;
    return null;
  }

  #markSlow(nowMs: number): void {
    for (const [tenantId, begunAt] of this.#begunAt) {
      if (begunAt + SLOW_MS > nowMs || this.#slow.size >= this.#maxSlow) return;
      this.#slow.add(tenantId);
    }
  }

  /** Slow ones count, so that the room beside the slots is left to those that are slow for the first time. */
  #runningFailing(): number {
    let count = 0;
    for (const tenantId of this.#running.keys()) if (this.#failing.has(tenantId)) count += 1;
    return count;
  }
}

function merged(one: Planned | null, other: Planned): Planned {
  if (one === null) return other;
  return { turn: mergedTurn(one.turn, other.turn), atMs: Math.min(one.atMs, other.atMs) };
}

function mergedTurn(one: Turn, other: Turn): Turn {
  return {
    fresh: one.fresh || other.fresh,
    force: one.force || other.force,
    queuedInARow: Math.max(one.queuedInARow, other.queuedInARow),
    isAnswering: one.isAnswering || other.isAnswering,
  };
}
