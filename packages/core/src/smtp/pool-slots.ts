// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Counted, SlotTally, type Tallied } from './slot-tally.ts';

/** The connections of one key, as the slots see them. */
export interface SlotUser extends Counted {
  /** Connections that it holds, those that open or close counted in. */
  readonly size: number;
  /** Monotonic time since which its longest idle connection is idle; null if none is. */
  readonly idleSince: number | null;
  /** A slot may be free now: ask for it again. */
  serve(): void;
  /** Close the connection that has been idle for the longest time. */
  closeOldestIdle(): void;
}

export interface SlotCaps {
  readonly maxConnections: number;
  readonly maxConnectionsPerHost: number;
  /** Of each cap, connections that only urgent keys may open; a cap of one keeps none. */
  readonly reserved: number;
}

/**
 * Loans after which the last connection of a key goes to one that has none. Opening costs several round trips, so that
 * handing over at each loan would waste most of the time.
 */
const LOANS_PER_TURN = 10;

/**
 * Who may open a connection, of all keys. Those that wait for a slot get it in turn, one each. To make room, idle
 * connections of other keys are closed, and then keys that hold more give up theirs when they come back from a loan.
 * What is reserved for urgent keys is never anybody else's, so that they find a slot however long others keep theirs.
 */
export class PoolSlots {
  readonly #caps: SlotCaps;
  readonly #taken = new Map<SlotUser, number>();
  readonly #tally = new SlotTally();
  /** Who stands first is next. */
  readonly #wanting = new Set<SlotUser>();
  /** Connections that were told to close for somebody, and still hold their slots. */
  readonly #leaving = new Map<SlotUser, number>();
  #isServing = false;

  constructor(caps: SlotCaps) {
    this.#caps = caps;
  }

  /** Take a slot, or get in line for it; `serve` is called when it may be asked for again. */
  take(user: SlotUser): boolean {
    if (!this.#fits(user)) {
      this.#wanting.add(user);
      return false;
    }
    this.#wanting.delete(user);
    this.#record(user, (this.#taken.get(user) ?? 0) + 1);
    return true;
  }

  /** Leave the line. */
  withdraw(user: SlotUser): void {
    this.#wanting.delete(user);
  }

  /** Tell that what a user holds may have changed; slots that became free go to whoever is next. */
  changed(user: SlotUser): void {
    const before = this.#taken.get(user) ?? 0;
    if (user.size < before && this.#leaving.size > 0) {
      const leaving = (this.#leaving.get(user) ?? 0) - (before - user.size);
      if (leaving > 0 && user.size > 0) this.#leaving.set(user, leaving);
      else this.#leaving.delete(user);
    }
    if (user.size !== before) this.#record(user, user.size);
    if (this.#wanting.size === 0) return;
    this.#serveWanting();
    this.#closeIdle();
  }

  /** Whether a connection that comes back from its loan must be closed, for a key that holds fewer. */
  mustYield(user: SlotUser, loans: number): boolean {
    if (!this.isWanted(user, loans)) return false;
    this.#noteLeaving(user);
    return true;
  }

  /** The same of one that is on loan, and may be lent to one more: nothing is decided yet. */
  isWanted(user: SlotUser, loans: number): boolean {
    if (this.#wanting.size === 0) return false;
    const held = this.#taken.get(user) ?? 0;
    const one = SlotTally.of(user, 1);
    for (const other of this.#unserved()) {
      const surplus = other === user ? 0 : held - other.size;
      if (surplus < 1 || (surplus === 1 && loans < LOANS_PER_TURN)) continue;
      // It may need the place of an idle one besides, of its host perhaps; that is closed next.
      if (!this.#fits(other, one) && !this.#fits(other, this.#idleBeside(other, one))) continue;
      return true;
    }
    return false;
  }

  /** Whether one more connection is within the caps, once these others have gone. */
  #fits({ host, isUrgent }: SlotUser, going: SlotTally = NOBODY): boolean {
    const { maxConnections, maxConnectionsPerHost, reserved } = this.#caps;
    const isRoom = (taken: Tallied, less: Tallied, cap: number): boolean =>
      taken.all - less.all < cap && (isUrgent || taken.normal - less.normal < Math.max(1, cap - reserved));
    return (
      isRoom(this.#tally.total, going.total, maxConnections) &&
      isRoom(this.#tally.ofHost(host), going.ofHost(host), maxConnectionsPerHost)
    );
  }

  /** Those in line for whom the connections that are closing already make no room, in turn. */
  *#unserved(): Generator<SlotUser> {
    const going = new SlotTally();
    for (const [user, count] of this.#leaving) going.add(user, count);
    for (const user of this.#wanting) {
      if (this.#fits(user, going)) going.add(user, -1);
      else yield user;
    }
  }

  #serveWanting(): void {
    // Serving one changes others; the outermost call goes on until nobody fits.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      for (let next = this.#nextFitting(); next !== null; next = this.#nextFitting()) {
        this.#wanting.delete(next);
        // It takes the slot, and gets in line again, at its end, if it wants another one.
        next.serve();
      }
    } finally {
      this.#isServing = false;
    }
  }

  #nextFitting(): SlotUser | null {
    for (const user of this.#wanting) if (this.#fits(user)) return user;
    return null;
  }

  /** For one who waits at most: the closing asks again. */
  #closeIdle(): void {
    for (const user of this.#unserved()) {
      const closing = this.#idleToClose(user);
      if (closing.length === 0) continue;
      for (const idle of closing) this.#noteLeaving(idle);
      for (const idle of closing) idle.closeOldestIdle();
      return;
    }
  }

  /**
   * Whose idle connections make room for one who waits: the one that is idle for the longest time, or several where one
   * is not enough, because a cap of its host is full, and the one of all as well.
   */
  #idleToClose(wanting: SlotUser): readonly SlotUser[] {
    const idle = this.#idleOthers(wanting).toSorted((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0));
    const alone = idle.find((user) => this.#fits(wanting, SlotTally.of(user, 1)));
    if (alone !== undefined) return [alone];
    const going = this.#idleBeside(wanting);
    if (!this.#fits(wanting, going)) return [];
    const needed: SlotUser[] = [];
    // Those that were used last stay, where they can.
    for (const user of idle.toReversed()) {
      going.add(user, -1);
      if (this.#fits(wanting, going)) continue;
      going.add(user, 1);
      needed.push(user);
    }
    return needed;
  }

  /** What others than this one have idle, one each, and `tally` besides. */
  #idleBeside(wanting: SlotUser, tally: SlotTally = NOBODY): SlotTally {
    const going = tally.copy();
    for (const user of this.#idleOthers(wanting)) going.add(user, 1);
    return going;
  }

  #idleOthers(wanting: SlotUser): readonly SlotUser[] {
    return [...this.#taken.keys()].filter((user) => user !== wanting && user.idleSince !== null);
  }

  #noteLeaving(user: SlotUser): void {
    this.#leaving.set(user, (this.#leaving.get(user) ?? 0) + 1);
  }

  #record(user: SlotUser, size: number): void {
    const before = this.#taken.get(user) ?? 0;
    if (size === 0) this.#taken.delete(user);
    else this.#taken.set(user, size);
    this.#tally.add(user, size - before);
  }
}

const NOBODY = new SlotTally();
