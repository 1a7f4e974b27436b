// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import { Hosts } from './hosts.ts';
import type { Lane } from './lane.ts';

/**
 * A lane none of whose messages ended for this long holds no slots: a relay that hangs keeps its own connections busy
 * for as long as RFC 5321 wants us to wait, but not the slots of everybody else.
 */
const STALL_MS = 2_000;
/** Messages running at the same time, those of stalled lanes counted in, as a multiple of `maxSends`. */
const MAX_RUNNING_FACTOR = 10;

/** What counts against the limits at one moment; it is kept right while messages are started. */
export interface TakenSlots {
  running: number;
  /** Of those, the ones that are not immediate. */
  normal: number;
  /** Claimed and not begun, without those that wait for a host that fails. */
  readonly aheadNormal: number;
  readonly aheadImmediate: number;
  /** The same of each host that fails, those that wait for it counted in. */
  readonly aheadOfFailing: Map<string, number>;
}

/** The slot of one message. */
export interface HeldSlot {
  /** The relay has judged the message: the slot is free, what is left is to write the outcome. */
  leave(): void;
  /** The outcome is written, or there is none. */
  end(): void;
}

/** Who may send now: the slots of the instance, those kept for immediate messages, and what one host may hold. */
export class Slots {
  readonly #clock: Clock;
  readonly #settings: DeliverySettings;
  readonly #hosts = new Hosts();
  /** Lanes with messages that run or are claimed. */
  readonly #lanes = new Set<Lane>();
  #running = 0;
  #unsettled = 0;

  constructor(clock: Clock, settings: DeliverySettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get running(): number {
    return this.#running;
  }

  /** Messages that the relay has judged, and whose outcome is being written. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Messages of this lane were claimed. */
  claimed(lane: Lane): void {
    this.#lanes.add(lane);
  }

  /** Milliseconds until a lane may hold no slots any more, because nothing of it ended; null where none is under way. */
  get nextStallMs(): number | null {
    const since = this.#stalledSince();
    let earliest: number | null = null;
    for (const lane of this.#lanes) {
      if (lane.running === 0 || lane.isStalled(since)) continue;
      if (earliest === null || lane.progressAt < earliest) earliest = lane.progressAt;
    }
    return earliest === null ? null : earliest - since + 1;
  }

  /** What is taken by all but the lanes that make no progress. */
  taken(): TakenSlots {
    const since = this.#stalledSince();
    const aheadOfFailing = new Map<string, number>();
    const taken = { running: 0, normal: 0, aheadNormal: 0, aheadImmediate: 0, aheadOfFailing };
    for (const lane of this.#lanes) {
      if (lane.running === 0 && lane.buffered.length === 0) {
        this.#lanes.delete(lane);
        continue;
      }
      const ahead = this.#aheadOf(lane, aheadOfFailing);
      if (lane.isStalled(since)) continue;
      const immediate = Math.min(ahead, lane.bufferedImmediate);
      taken.running += lane.running;
      taken.normal += lane.runningNormal;
      taken.aheadNormal += ahead - immediate;
      taken.aheadImmediate += immediate;
    }
    return taken;
  }

  /** Normal messages that may be claimed; immediate ones take of it only what is above their own part. */
  claimable({ normal, aheadNormal, aheadImmediate }: TakenSlots): number {
    const { maxSends } = this.#settings;
    return 2 * maxSends - normal - aheadNormal - Math.max(0, aheadImmediate - maxSends);
  }

  /** Immediate messages that may be claimed. */
  claimableImmediate({ running, aheadImmediate }: TakenSlots): number {
    return this.#settings.maxSends - running - aheadImmediate;
  }

  /** What may be claimed for one host, so that a failing one has no more ahead than it may send. */
  claimableFor(host: string, { aheadOfFailing }: TakenSlots): number {
    return this.#roomOf(host) - (aheadOfFailing.get(host) ?? 0);
  }

  /** Whether any message at all may start. After a crash all that had started, and is not settled, may be sent again. */
  hasRoom(taken: TakenSlots): boolean {
    const { maxSends } = this.#settings;
    return taken.running + this.#unsettled < maxSends && this.#running < MAX_RUNNING_FACTOR * maxSends;
  }

  /** Whether messages that are not immediate find all their slots taken. */
  isFullForNormal(taken: TakenSlots): boolean {
    return taken.normal >= this.#settings.maxSends - this.#settings.reservedImmediate;
  }

  /** Whether the next message of a lane may start. An immediate one may start above the lane's capacity. */
  mayStart(lane: Lane, isImmediate: boolean, taken: TakenSlots): boolean {
    if (!isImmediate && (this.isFullForNormal(taken) || !lane.canStart)) return false;
    return this.#roomOf(lane.settings.host) > 0;
  }

  begin(lane: Lane, isImmediate: boolean): HeldSlot {
    const { host } = lane.settings;
    const now = this.#clock.monotonic();
    if (lane.running === 0) lane.progressAt = now;
    lane.begins();
    this.#count(lane, isImmediate, 1);
    this.#lanes.add(lane);
    this.#hosts.begin(host, now);
    let state: 'running' | 'unsettled' | 'ended' = 'running';
    const leave = (): void => {
      if (state !== 'running') return;
      state = 'unsettled';
      this.#count(lane, isImmediate, -1);
      lane.unsettled += 1;
      this.#unsettled += 1;
      lane.progressAt = this.#clock.monotonic();
      this.#hosts.end(host, lane.progressAt);
    };
    return {
      leave,
      end: () => {
        leave();
        if (state === 'ended') return;
        state = 'ended';
        lane.unsettled -= 1;
        this.#unsettled -= 1;
      },
    };
  }

  /** The relay of the lane answered. */
  reached(lane: Lane): void {
    this.#hosts.reached(lane.settings.host);
    lane.wentWell();
  }

  /** An attempt failed for the way to the relay. */
  pathFailed(lane: Lane): void {
    this.#hosts.failed(lane.settings.host);
    lane.failed();
  }

  #count(lane: Lane, isImmediate: boolean, by: 1 | -1): void {
    lane.running += by;
    if (!isImmediate) lane.runningNormal += by;
    this.#running += by;
  }

  /** What of the lane's claimed messages its host may take. */
  #aheadOf({ buffered, settings: { host } }: Lane, aheadOfFailing: Map<string, number>): number {
    if (buffered.length === 0) return 0;
    const room = this.#roomOf(host);
    if (room === Number.POSITIVE_INFINITY) return buffered.length;
    const before = aheadOfFailing.get(host) ?? 0;
    aheadOfFailing.set(host, before + buffered.length);
    return Math.min(buffered.length, Math.max(0, room - before));
  }

  #roomOf(host: string): number {
    return this.#hosts.room(host, { maxSends: this.#settings.maxSends, stalledSince: this.#stalledSince() });
  }

  #stalledSince(): number {
    return this.#clock.monotonic() - STALL_MS;
  }
}
