// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Claim, ClaimedMessage } from '../queue/claim.ts';
import { type LaneKey, lanesOf } from '../queue/lanes.ts';
import type { Promotion } from '../queue/promote.ts';
import { byRank } from '../queue/rank.ts';
import type { Release } from '../queue/release.ts';
import { WakeUp } from '../wake-up.ts';
import { Lane } from './lane.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { Turns } from './turns.ts';

export interface DispatcherServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly keeper: SessionKeeper;
  readonly claim: Claim;
  readonly release: Release;
  readonly findLanes: () => Promise<readonly LaneKey[]>;
  readonly promotion: Promotion;
  /** Messages of the account that may run at once; what waits for a connection or a commit is counted in. */
  readonly capacityOf: (accountPk: string) => Promise<number>;
  /**
   * Deliver one message and write what became of it. Resolves when it is settled.
   *
   * @returns false when nothing was sent, so that the message has to be given back
   */
  readonly attempt: (message: ClaimedMessage, signal: AbortSignal) => Promise<boolean>;
  readonly settings: DeliverySettings;
}

/** Lanes in one claim. */
const MAX_LANES_PER_CLAIM = 64;
/** Deferred messages promoted at once. */
const PROMOTE_BATCH = 1_000;
/** Lanes are looked for again this often; acceptance and promotion tell of nearly all at once. */
const SCAN_MS = 15_000;
/** The wall clock may jump, and other instances defer messages too: never sleep longer than this before looking. */
const MAX_PROMOTION_SLEEP_MS = 5_000;
/**
 * A lane none of whose messages ended for this long holds no slots: a relay that hangs keeps its own connections busy
 * for as long as RFC 5321 wants us to wait, but not the slots of everybody else.
 */
const STALL_MS = 2_000;
/** Messages running at the same time, those of stalled lanes counted in, as a multiple of `maxSends`. */
const MAX_RUNNING_FACTOR = 10;
/** After a failed claim, scan or promotion. */
const PAUSE_AFTER_ERROR_MS = 1_000;

/**
 * Decides which lane is next. It keeps the active lanes in memory, claims for them by turns, a little ahead of need,
 * and starts what it claimed by turns again, so that no lane and no tenant waits for another.
 */
export class Dispatcher {
  readonly #s: DispatcherServices;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes from which something may be claimed. */
  readonly #hungry = new Turns<Lane>();
  /** Lanes of which a claimed message may start. */
  readonly #startable = new Turns<Lane>();
  /** Lanes with immediate messages to claim. */
  readonly #urgent = new Set<Lane>();
  readonly #wake: WakeUp;
  readonly #dueAgain: WakeUp;
  readonly #running = new Set<Promise<void>>();
  /** Lanes with running messages. */
  readonly #busy = new Set<Lane>();
  #buffered = 0;
  /** Wakes the dispatcher when lanes that hold all slots may have stalled. */
  #stallTimer: Disposable | null = null;

  constructor(services: DispatcherServices) {
    this.#s = services;
    this.#wake = new WakeUp(services.clock);
    this.#dueAgain = new WakeUp(services.clock);
  }

  /** Messages being sent, and those claimed ahead. */
  get load(): { readonly running: number; readonly buffered: number } {
    return { running: this.#running.size, buffered: this.#buffered };
  }

  /** A message of this account became ready. It is on disk: what cannot be heard of now the next scan finds. */
  arrived(key: LaneKey, isImmediate: boolean): void {
    this.#wakeLane(key, isImmediate).catch((error: unknown) => {
      this.#s.log.warn({ ...key, err: error }, 'a lane could not be woken');
    });
  }

  /** A message was deferred or accepted for later. */
  scheduled(): void {
    this.#dueAgain.set();
  }

  /** Look for due messages at once. */
  lookAgain(): void {
    this.#dueAgain.set();
    this.#wake.set();
  }

  /** The account's settings changed. */
  async accountChanged(accountPk: string): Promise<void> {
    const lane = this.#lanes.get(accountPk);
    if (lane === undefined) return;
    lane.capacity = await this.#s.capacityOf(accountPk);
    this.#wake.set();
  }

  /**
   * Claim and send until `signal` aborts; then give back what was not begun and wait for what was.
   *
   * @param hard aborts waiting for connections too
   */
  async run(signal: AbortSignal, hard: AbortSignal): Promise<void> {
    await Promise.all([this.#scanLanes(signal), this.#promote(signal), this.#dispatch(signal, hard)]);
    await this.#giveBackBuffered();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #wakeLane(key: LaneKey, isImmediate: boolean): Promise<void> {
    const lane = this.#lanes.get(key.accountPk) ?? (await this.#addLane(key));
    lane.arrivals += 1;
    if (isImmediate) {
      lane.immediateArrivals += 1;
      this.#urgent.add(lane);
    }
    this.#hungry.add(lane);
    this.#wake.set();
  }

  async #addLane(key: LaneKey): Promise<Lane> {
    const capacity = await this.#s.capacityOf(key.accountPk);
    const known = this.#lanes.get(key.accountPk);
    if (known !== undefined) return known;
    const lane = new Lane(key, capacity);
    this.#lanes.set(key.accountPk, lane);
    return lane;
  }

  async #scanLanes(signal: AbortSignal): Promise<void> {
    await this.#everyWhile(signal, async () => {
      for (const key of await this.#s.findLanes()) await this.#wakeLane(key, true);
      await this.#s.clock.sleep(SCAN_MS, signal);
    });
  }

  async #promote(signal: AbortSignal): Promise<void> {
    const { clock, promotion } = this.#s;
    await this.#everyWhile(signal, async () => {
      const promoted = await promotion.promote(clock.now(), PROMOTE_BATCH);
      for (const key of lanesOf(promoted)) await this.#wakeLane(key, true);
      if (promoted.length === PROMOTE_BATCH) return;
      const dueAt = await promotion.nextDueAt();
      const sleepMs = dueAt === null ? MAX_PROMOTION_SLEEP_MS : Math.max(1, dueAt - clock.now());
      await this.#dueAgain.wait(signal, Math.min(sleepMs, MAX_PROMOTION_SLEEP_MS));
    });
  }

  async #dispatch(signal: AbortSignal, hard: AbortSignal): Promise<void> {
    await this.#everyWhile(signal, async () => {
      await this.#wake.wait(signal);
      while (!signal.aborted && (await this.#claimRound())) this.#startAll(hard);
      if (!signal.aborted) this.#startAll(hard);
    });
  }

  /** Run `step` again and again; a failing database is waited for, never a reason to end. */
  async #everyWhile(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!isMailProxyError(error)) this.#s.log.error({ err: error }, 'the dispatcher failed and goes on');
        else this.#s.log.warn({ code: error.code }, 'the dispatcher waits');
        await this.#s.clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
        this.#wake.set();
      }
    }
  }

  /** @returns whether anything was claimed, so that another round may find more */
  async #claimRound(): Promise<boolean> {
    const urgent = await this.#claimUrgent();
    const taken = this.#slotsTaken();
    const budget = 2 * this.#s.settings.maxSends - taken.buffered - taken.running;
    const lanes = this.#takeHungry(budget);
    if (lanes.length === 0) return urgent;
    const share = Math.max(1, Math.floor(budget / lanes.length));
    const quotas = lanes.map((lane) => ({ lane, quota: Math.min(lane.room, share), arrivals: lane.arrivals }));
    return (await this.#claimInto(quotas, false)) || urgent;
  }

  /** Immediate messages are claimed whatever is buffered already. */
  async #claimUrgent(): Promise<boolean> {
    const free = this.#s.settings.maxSends - this.#slotsTaken().running;
    if (this.#urgent.size === 0 || free <= 0) return false;
    const lanes = [...this.#urgent].slice(0, MAX_LANES_PER_CLAIM);
    for (const lane of lanes) this.#urgent.delete(lane);
    const quota = Math.max(1, Math.floor(free / lanes.length));
    return this.#claimInto(
      lanes.map((lane) => ({ lane, quota, arrivals: lane.immediateArrivals })),
      true,
    );
  }

  #takeHungry(budget: number): Lane[] {
    const lanes: Lane[] = [];
    const full: Lane[] = [];
    for (let turn = 0; turn < MAX_LANES_PER_CLAIM && lanes.length < budget; turn++) {
      const lane = this.#hungry.take();
      if (lane === undefined) break;
      // Half its room must be free, so that claims come in lots.
      if (lane.room * 2 >= lane.capacity) lanes.push(lane);
      else full.push(lane);
    }
    for (const lane of full) this.#hungry.add(lane);
    return lanes;
  }

  async #claimInto(
    quotas: readonly { readonly lane: Lane; readonly quota: number; readonly arrivals: number }[],
    immediateOnly: boolean,
  ): Promise<boolean> {
    const { claim, clock, keeper } = this.#s;
    let claimed: readonly ClaimedMessage[][];
    try {
      claimed = await claim(
        quotas.map(({ lane, quota }) => ({ accountPk: lane.accountPk, quota })),
        { session: keeper.number, now: clock.now(), immediateOnly },
      );
    } catch (error) {
      for (const { lane } of quotas) this.#lineUp(lane, immediateOnly);
      throw error;
    }
    let found = false;
    for (const [index, { lane, quota, arrivals }] of quotas.entries()) {
      const messages = claimed[index] ?? [];
      found ||= messages.length > 0;
      this.#buffer(lane, messages);
      const isDrained =
        messages.length < quota && arrivals === (immediateOnly ? lane.immediateArrivals : lane.arrivals);
      if (!isDrained) this.#lineUp(lane, immediateOnly);
    }
    return found;
  }

  #lineUp(lane: Lane, isUrgent: boolean): void {
    if (isUrgent) this.#urgent.add(lane);
    this.#hungry.add(lane);
  }

  #buffer(lane: Lane, messages: readonly ClaimedMessage[]): void {
    if (messages.length === 0) return;
    this.#buffered += messages.length;
    lane.buffered.push(...messages);
    lane.buffered.sort(byRank);
    this.#startable.add(lane);
  }

  /** Start what the slots allow, lane by lane. */
  #startAll(hard: AbortSignal): void {
    const { maxSends, reservedImmediate } = this.#s.settings;
    const taken = this.#slotsTaken();
    const full: Lane[] = [];
    while (taken.running < maxSends && this.#running.size < MAX_RUNNING_FACTOR * maxSends) {
      const lane = this.#startable.take();
      if (lane === undefined) break;
      const [next] = lane.buffered;
      if (next === undefined) continue;
      const isImmediate = next.priority === 0;
      const hasSlot = isImmediate || taken.normal < maxSends - reservedImmediate;
      // An immediate message may start above the lane's capacity: its connection is kept free.
      if (!hasSlot || !(lane.canStart || isImmediate)) {
        full.push(lane);
        continue;
      }
      lane.buffered.shift();
      this.#buffered -= 1;
      taken.running += 1;
      if (!isImmediate) taken.normal += 1;
      this.#start(lane, next, hard);
      if (lane.buffered.length > 0) this.#startable.add(lane);
    }
    for (const lane of full) this.#startable.add(lane);
    if (taken.normal >= maxSends - reservedImmediate) this.#lookAgainWhenStalled();
  }

  /** What counts against the limits: everything but the lanes that make no progress. */
  #slotsTaken(): { running: number; normal: number; buffered: number } {
    const since = this.#s.clock.monotonic() - STALL_MS;
    const taken = { running: this.#running.size, normal: 0, buffered: this.#buffered };
    for (const lane of this.#busy) {
      if (lane.isStalled(since)) {
        taken.running -= lane.running;
        taken.buffered -= lane.buffered.length;
      } else taken.normal += lane.runningNormal;
    }
    return taken;
  }

  #lookAgainWhenStalled(): void {
    this.#stallTimer ??= this.#s.clock.after(STALL_MS, () => {
      this.#stallTimer = null;
      this.#wake.set();
    });
  }

  #start(lane: Lane, message: ClaimedMessage, hard: AbortSignal): void {
    const normal = message.priority === 0 ? 0 : 1;
    if (lane.running === 0) lane.progressAt = this.#s.clock.monotonic();
    lane.running += 1;
    lane.runningNormal += normal;
    this.#busy.add(lane);
    const running = this.#attempt(message, hard).finally(() => {
      lane.running -= 1;
      lane.runningNormal -= normal;
      lane.progressAt = this.#s.clock.monotonic();
      if (lane.running === 0) this.#busy.delete(lane);
      this.#running.delete(running);
      this.#wake.set();
    });
    this.#running.add(running);
  }

  async #attempt(message: ClaimedMessage, hard: AbortSignal): Promise<void> {
    const { attempt, release, clock, log } = this.#s;
    try {
      if (!(await attempt(message, hard))) await release([message], clock.now());
    } catch (error) {
      // Neither the outcome nor its release could be written: the message stays leased until its session ends.
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'an outcome could not be written');
    }
  }

  async #giveBackBuffered(): Promise<void> {
    const messages = [...this.#lanes.values()].flatMap((lane) => lane.buffered.splice(0));
    this.#buffered = 0;
    try {
      await this.#s.release(messages, this.#s.clock.now());
    } catch (error) {
      this.#s.log.error({ messages: messages.length, err: error }, 'claimed messages could not be given back');
    }
  }
}
