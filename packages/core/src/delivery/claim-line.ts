// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from './lane.ts';
import type { Slots, TakenSlots } from './slots.ts';
import { Turns } from './turns.ts';

/** How much to claim for a lane. */
export interface LaneClaim {
  readonly lane: Lane;
  readonly quota: number;
  /** Those of the lane before the claim, of the kind that is claimed. */
  readonly arrivals: number;
}

/** What keeps a ready message from being claimed by this instance, besides what the database says. */
export type ClaimWait = 'server_busy' | 'host_failing' | 'slowed_down' | 'account_busy';

/** Lanes in one claim. */
const MAX_LANES_PER_CLAIM = 64;
/**
 * Messages that a lane may claim in its turn, where there are more lanes than connections: opening one costs as much CPU as
 * two messages, and each turn of a lane may need a new one.
 */
const MESSAGES_PER_TURN = 10;

/**
 * The lanes from which something may be claimed, and whose turn it is. Who could not use what is claimed stands aside,
 * so that looking for the next one never means to pass over many: a lane that has enough in hand until one of its
 * messages ends, and the lanes of a host that fails until it may be tried again.
 */
export class ClaimLine {
  readonly #slots: Slots;
  readonly #hungry = new Turns<Lane>();
  /** Lanes with immediate messages to claim. */
  readonly #urgent = new Set<Lane>();
  /** Lanes that have enough in hand. */
  readonly #sated = new Set<Lane>();
  /** The same of immediate messages. */
  readonly #urgentSated = new Set<Lane>();
  /** Lanes of failing hosts, by host, in the order of their next try. */
  readonly #parked = new Map<string, Set<Lane>>();
  readonly #hostOfParked = new Map<Lane, string>();

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Something may be claimed from the lane. */
  add(lane: Lane, isUrgent: boolean): void {
    if (isUrgent) this.#urgent.add(lane);
    this.#hungry.add(lane);
  }

  /** Nothing may be claimed from the lane for now. */
  remove(lane: Lane): void {
    this.#hungry.remove(lane);
    this.#urgent.delete(lane);
    this.#sated.delete(lane);
    this.#urgentSated.delete(lane);
    this.#unpark(lane);
  }

  /** The lane has less in hand than before. */
  gotRoom(lane: Lane): void {
    if (lane.wantsMore && this.#sated.delete(lane)) this.#hungry.add(lane);
    if (lane.immediateRoom > 0 && this.#urgentSated.delete(lane)) this.#urgent.add(lane);
  }

  /** Why nothing of the lane is claimed now, by what {@link next} and {@link nextUrgent} go by; empty where it may be. */
  waits(lane: Lane, isImmediate: boolean): readonly ClaimWait[] {
    // Other instances have all its connections.
    if (lane.share === 0) return ['account_busy'];
    const taken = this.#slots.taken();
    const ways = [{ slots: this.#slots.claimable(taken), isHungry: lane.wantsMore }];
    if (isImmediate) {
      ways.push({ slots: this.#slots.claimableImmediate(taken), isHungry: lane.immediateRoom > 0 });
    }
    const waits: ClaimWait[] = [];
    if (this.#slots.claimableFor(lane.settings.host, taken) <= 0) waits.push('host_failing');
    if (ways.some(({ slots, isHungry }) => slots > 0 && isHungry)) return waits;
    if (ways.some(({ slots }) => slots <= 0)) waits.push('server_busy');
    if (ways.some(({ isHungry }) => !isHungry)) waits.push(lane.isSlowed ? 'slowed_down' : 'account_busy');
    return waits;
  }

  /** Whose immediate messages are claimed next: they don't wait for what is claimed already. */
  nextUrgent(): readonly LaneClaim[] {
    if (this.#urgent.size === 0) return [];
    const taken = this.#slots.taken();
    const free = this.#slots.claimableImmediate(taken);
    const lanes: Lane[] = [];
    for (const lane of this.#urgent) {
      if (lanes.length >= Math.min(free, MAX_LANES_PER_CLAIM)) break;
      this.#urgent.delete(lane);
      if (lane.immediateRoom === 0) this.#urgentSated.add(lane);
      else if (this.#reserve(lane, taken)) lanes.push(lane);
    }
    const share = Math.floor(free / lanes.length);
    return lanes.map((lane) => ({
      lane,
      quota: this.#quota(lane, Math.min(share, lane.immediateRoom), taken),
      arrivals: lane.immediateArrivals,
    }));
  }

  /** Whose messages are claimed next, by turns. */
  next(): readonly LaneClaim[] {
    const taken = this.#slots.taken();
    this.#unparkTried(taken);
    const budget = this.#slots.claimable(taken);
    const most = Math.min(Math.ceil(budget / MESSAGES_PER_TURN), MAX_LANES_PER_CLAIM);
    const lanes: Lane[] = [];
    while (lanes.length < most) {
      const lane = this.#hungry.take();
      if (lane === undefined) break;
      if (!lane.wantsMore) this.#sated.add(lane);
      else if (this.#reserve(lane, taken)) lanes.push(lane);
    }
    const share = Math.floor(budget / lanes.length);
    return lanes.map((lane) => ({
      lane,
      quota: this.#quota(lane, Math.min(share, lane.room), taken),
      arrivals: lane.arrivals,
    }));
  }

  /** Keep one message of its host for the lane, or let it stand aside. */
  #reserve(lane: Lane, taken: TakenSlots): boolean {
    if (this.#slots.claimableFor(lane.settings.host, taken) <= 0) {
      this.#park(lane);
      return false;
    }
    this.#use(lane, 1, taken);
    return true;
  }

  /** One is reserved. */
  #quota(lane: Lane, wanted: number, taken: TakenSlots): number {
    const more = Math.min(wanted - 1, this.#slots.claimableFor(lane.settings.host, taken));
    if (more <= 0) return 1;
    this.#use(lane, more, taken);
    return 1 + more;
  }

  #use({ settings: { host } }: Lane, count: number, { aheadOfFailing }: TakenSlots): void {
    aheadOfFailing.set(host, (aheadOfFailing.get(host) ?? 0) + count);
  }

  #park(lane: Lane): void {
    this.remove(lane);
    const { host } = lane.settings;
    const lanes = this.#parked.get(host) ?? new Set();
    this.#parked.set(host, lanes.add(lane));
    this.#hostOfParked.set(lane, host);
  }

  #unpark(lane: Lane): void {
    const host = this.#hostOfParked.get(lane);
    if (host === undefined) return;
    this.#hostOfParked.delete(lane);
    const lanes = this.#parked.get(host);
    lanes?.delete(lane);
    if (lanes?.size === 0) this.#parked.delete(host);
  }

  /** Bring back as many lanes as their host may take messages. */
  #unparkTried(taken: TakenSlots): void {
    for (const [host, lanes] of this.#parked) {
      let free = this.#slots.claimableFor(host, taken);
      for (const lane of lanes) {
        if (free <= 0) break;
        free -= 1;
        this.#unpark(lane);
        this.add(lane, true);
      }
    }
  }
}
