// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LimitBehavior } from '../entities/account/account.table.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { LaneKey } from '../queue/lanes.ts';
import type { LaneLimits } from '../queue/rate-limits.ts';
import { SendOrder } from './send-order.ts';

/** What the dispatcher must know of an account. */
export interface LaneSettings {
  /** Sends at the same time. */
  readonly capacity: number;
  /** Connections of the account, over all instances. */
  readonly maxConnections: number;
  readonly weight: number;
  readonly tenantWeight: number;
  /** Null where neither the account nor its tenant has a rate limit. */
  readonly limits: LaneLimits | null;
  readonly limitBehavior: LimitBehavior;
  /** `host:port` of the relay. */
  readonly host: string;
}

/**
 * Immediate messages of one account that run at the same time: one connection is kept for them, and the second has the
 * next message ready. More would hold slots of others while they wait for that connection.
 */
const IMMEDIATE_AT_ONCE = 2;
/**
 * Of a connection one message waits for the reply to its final dot, one is behind it, and one is being made ready. With two
 * a relay 20 ms away has 10 % less.
 */
export const RUNNING_PER_CONNECTION = 3;
/**
 * Outcomes that may wait for their commit at the least: a commit takes as long as a near relay needs for some messages.
 * With the three of a single connection a lane sends a third of what it could.
 */
const MIN_UNSETTLED = 16;
/** Messages that a lane claims ahead, beside as many as may run, once it has been out of messages while it claimed. */
const FIRST_AHEAD = 8;
const MAX_AHEAD = 64;
/** Messages that the relay judged, after which a slowed lane gets one more connection. */
const SPEED_UP_AFTER = 20;

/** The ready messages of one account, as this engine sees them. */
export class Lane implements LaneKey {
  readonly accountPk: string;
  readonly tenantId: string;
  settings: LaneSettings;
  /** Messages begun, and not judged by the relay yet. */
  running = 0;
  /** Of those, the ones that are not immediate. */
  runningNormal = 0;
  /** Judged by the relay: their outcome is being written. */
  unsettled = 0;
  /** When a message of it was judged last, or the first of those running was begun; monotonic milliseconds. */
  progressAt = 0;
  /** Claimed and not begun. */
  readonly buffered: ClaimedMessage[] = [];
  /** Rises whenever a message may have become ready, so that an empty claim made before does not put the lane to rest. */
  arrivals = 0;
  /** Immediate messages may be ready. */
  immediateArrivals = 0;
  /** When a closed door opened last: what was ready before had to wait. Milliseconds. */
  openedAt = 0;
  /** Of its attempts. */
  readonly order = new SendOrder();
  /** Connections that this instance may open. */
  share = Number.POSITIVE_INFINITY;
  /** Below the capacity after the relay said 421: the connections that are left to it, each with one message. */
  #slots: number;
  /** What began before has nothing new to say of the 421; monotonic milliseconds. */
  #slowedAt = Number.NEGATIVE_INFINITY;
  #outcomes = 0;
  /** Rises while the relay is faster than the claims. */
  #ahead = 0;
  /** The relay judged a message since the last claim. */
  #isMoving = false;
  /** The relay judged a message since the lane had nothing in hand. */
  #isFlowing = false;

  constructor(key: LaneKey, settings: LaneSettings) {
    this.accountPk = key.accountPk;
    this.tenantId = key.tenantId;
    this.settings = settings;
    this.#slots = settings.capacity;
  }

  get key(): LaneKey {
    return { accountPk: this.accountPk, tenantId: this.tenantId };
  }

  get weight(): number {
    return this.settings.weight;
  }

  get tenantWeight(): number {
    return this.settings.tenantWeight;
  }

  get capacity(): number {
    return Math.min(this.#slots, this.settings.capacity, RUNNING_PER_CONNECTION * this.share);
  }

  /** Whether it may send less at a time than its settings say, because the relay said 421. */
  get isSlowed(): boolean {
    return this.#slots < this.settings.capacity;
  }

  /** How many more may be claimed: as many as run at once lie ready besides, and more where the relay is fast. */
  get room(): number {
    return Math.max(0, 2 * this.capacity + this.#ahead - this.running - this.buffered.length);
  }

  /** Of the claimed ones, those that are immediate: they come first. */
  get bufferedImmediate(): number {
    const firstNormal = this.buffered.findIndex(({ priority }) => priority !== 0);
    return firstNormal === -1 ? this.buffered.length : firstNormal;
  }

  /** Half its room must be free, so that claims come in lots. */
  get wantsMore(): boolean {
    return this.room * 2 >= this.capacity + this.#ahead;
  }

  /** Immediate messages may be claimed whatever else is in hand: as many as run at once lie ready besides. */
  get immediateRoom(): number {
    return Math.max(0, 2 * IMMEDIATE_AT_ONCE - this.#runningImmediate - this.bufferedImmediate);
  }

  /** Whether the first of the claimed messages is an immediate one that may start. */
  get canStartImmediate(): boolean {
    return this.buffered[0]?.priority === 0 && this.#runningImmediate < IMMEDIATE_AT_ONCE;
  }

  /** The message to start next: the first, or the first normal one while no more immediate ones may start. */
  next(immediateOnly: boolean): ClaimedMessage | undefined {
    if (this.canStartImmediate) return this.buffered[0];
    return immediateOnly ? undefined : this.buffered[this.bufferedImmediate];
  }

  get canStart(): boolean {
    return this.buffered.length > 0 && this.running < this.#atOnce && !this.isFullOfUnsettled;
  }

  /**
   * One message for each connection, until one has been judged: what is behind would wait in slots of others while
   * connections are opened. That counts where many lanes take turns with few messages each.
   */
  get #atOnce(): number {
    if (this.#isFlowing) return this.capacity;
    return Math.min(this.capacity, this.settings.maxConnections, this.share);
  }

  /** One of its messages begins. */
  begins(): void {
    if (this.inHand === 0) this.#isFlowing = false;
  }

  /** Whether as many outcomes wait for their commit as messages may run. */
  get isFullOfUnsettled(): boolean {
    return this.unsettled >= Math.max(this.capacity, MIN_UNSETTLED);
  }

  /** So many were claimed; told before they are in hand. */
  claimed(count: number, quota: number): void {
    const isDry = this.buffered.length === 0 && this.running < this.capacity;
    if (count < quota || !this.#isMoving) this.#ahead = 0;
    else if (isDry) this.#ahead = Math.min(MAX_AHEAD, Math.max(FIRST_AHEAD, 2 * this.#ahead));
    this.#isMoving = false;
  }

  /** Messages begun and not settled yet. */
  get inHand(): number {
    return this.running + this.unsettled;
  }

  /** Its relay answers nothing: messages run, and none ended since `since` (monotonic). */
  isStalled(since: number): boolean {
    return this.running > 0 && this.progressAt < since;
  }

  get #runningImmediate(): number {
    return this.running - this.runningNormal;
  }

  /** The settings changed; what the relay said under the old ones is forgotten. */
  change(settings: LaneSettings): void {
    this.settings = settings;
    this.#ahead = 0;
    this.#slots = settings.capacity;
  }

  /**
   * The relay said 421 to an attempt that began at `startedAt`: half as many connections. One that closes several at
   * once says so once. Each carries one message meanwhile, for as many connections as messages run may be open.
   *
   * @returns whether it is news
   */
  slowDown(startedAt: number, now: number): boolean {
    if (startedAt <= this.#slowedAt) return false;
    this.#slowedAt = now;
    this.#ahead = 0;
    this.#slots = Math.max(1, Math.floor(Math.min(this.#slots, this.settings.maxConnections, this.share) / 2));
    this.#outcomes = 0;
    return true;
  }

  /** The relay could not be reached. */
  failed(): void {
    this.#ahead = 0;
  }

  /** The relay judged a message. */
  wentWell(): void {
    this.#isMoving = true;
    this.#isFlowing = true;
    this.#outcomes += 1;
    const { capacity, maxConnections } = this.settings;
    if (this.#outcomes < SPEED_UP_AFTER || this.#slots >= capacity) return;
    this.#outcomes = 0;
    this.#slots += 1;
    if (this.#slots >= maxConnections) this.#slots = capacity;
  }
}
