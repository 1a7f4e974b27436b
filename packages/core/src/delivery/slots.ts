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
  normal: number;
  readonly buffered: number;
}

/** Who may send now: the slots of the instance, those kept for immediate messages, and what one host may hold. */
export class Slots {
  readonly #clock: Clock;
  readonly #settings: DeliverySettings;
  readonly #hosts = new Hosts();
  /** Lanes with running messages. */
  readonly #busy = new Set<Lane>();
  #running = 0;

  constructor(clock: Clock, settings: DeliverySettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get running(): number {
    return this.#running;
  }

  /** Milliseconds after which a lane that makes no progress holds no slots. */
  get stallMs(): number {
    return STALL_MS;
  }

  /** What is taken by all but the lanes that make no progress. */
  taken(buffered: number): TakenSlots {
    const since = this.#stalledSince();
    const taken = { running: this.#running, normal: 0, buffered };
    for (const lane of this.#busy) {
      if (lane.isStalled(since)) {
        taken.running -= lane.running;
        taken.buffered -= lane.buffered.length;
      } else taken.normal += lane.runningNormal;
    }
    return taken;
  }

  /** Whether any message at all may start. */
  hasRoom(taken: TakenSlots): boolean {
    const { maxSends } = this.#settings;
    return taken.running < maxSends && this.#running < MAX_RUNNING_FACTOR * maxSends;
  }

  /** Whether messages that are not immediate find all their slots taken. */
  isFullForNormal(taken: TakenSlots): boolean {
    return taken.normal >= this.#settings.maxSends - this.#settings.reservedImmediate;
  }

  /** Whether the next message of a lane may start. An immediate one may start above the lane's capacity. */
  mayStart(lane: Lane, isImmediate: boolean, taken: TakenSlots): boolean {
    if (!isImmediate && (this.isFullForNormal(taken) || !lane.canStart)) return false;
    const { maxSends } = this.#settings;
    return this.#hosts.mayStart(lane.settings.host, { maxSends, stalledSince: this.#stalledSince() });
  }

  /** Take a slot. @returns gives it back */
  begin(lane: Lane, isImmediate: boolean): () => void {
    const normal = isImmediate ? 0 : 1;
    const { host } = lane.settings;
    const now = this.#clock.monotonic();
    if (lane.running === 0) lane.progressAt = now;
    lane.running += 1;
    lane.runningNormal += normal;
    this.#running += 1;
    this.#busy.add(lane);
    this.#hosts.begin(host, now);
    return () => {
      lane.running -= 1;
      lane.runningNormal -= normal;
      this.#running -= 1;
      lane.progressAt = this.#clock.monotonic();
      if (lane.running === 0) this.#busy.delete(lane);
      this.#hosts.end(host, lane.progressAt);
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
  }

  #stalledSince(): number {
    return this.#clock.monotonic() - STALL_MS;
  }
}
