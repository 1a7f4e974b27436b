// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Claim, ClaimedMessage } from '../queue/claim.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { type LaneKey, lanesOf } from '../queue/lanes.ts';
import type { Promotion } from '../queue/promote.ts';
import { byRank } from '../queue/rank.ts';
import type { Release } from '../queue/release.ts';
import { WakeUp } from '../wake-up.ts';
import { CarefulClaims } from './careful-claims.ts';
import { ClaimLine, type LaneClaim } from './claim-line.ts';
import type { Flights } from './flights.ts';
import { giveBack } from './give-back.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { LaneDoors } from './lane-doors.ts';
import { OverLimit, type OverLimitServices } from './over-limit.ts';
import { type ProbeServices, Probes } from './probes.ts';
import type { AttemptEnd } from './run-attempt.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { Slots } from './slots.ts';
import { StartLine } from './start-line.ts';

export interface DispatcherServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly keeper: SessionKeeper;
  readonly claim: Claim;
  readonly release: Release;
  /** Give back what a claim in doubt may have taken. */
  readonly takeBack: Release;
  readonly findLanes: () => Promise<readonly LaneKey[]>;
  readonly promotion: Promotion;
  readonly laneSettings: (accountPk: string) => Promise<LaneSettings>;
  /** What keeps a lane from sending now; empty where nothing does. */
  readonly readGates: (lane: Lane, now: number) => Promise<readonly Gate[]>;
  readonly pauses: ProbeServices['pauses'];
  /** Whether the operator stopped all sending. */
  readonly isPaused: () => Promise<boolean>;
  readonly flights: Flights;
  /** Deliver one message and write what became of it. */
  readonly attempt: (message: ClaimedMessage, signal: AbortSignal) => Promise<AttemptEnd>;
  readonly reject: OverLimitServices['reject'];
  /** A claimed message had waited for a rate limit. */
  readonly wasLimited: (message: ClaimedMessage) => void;
  readonly settings: DeliverySettings;
}

/** Deferred messages promoted at once. */
const PROMOTE_BATCH = 1_000;
/** Lanes are looked for again this often; acceptance and promotion tell of nearly all at once. */
const SCAN_MS = 15_000;
/** Closed lanes looked at again in one scan, since another instance may have opened them. */
const CHECKS_PER_SCAN = 500;
/** The wall clock may jump, and other instances defer messages too: never sleep longer than this before looking. */
const MAX_PROMOTION_SLEEP_MS = 5_000;
/** After a failed claim, scan or promotion. */
const PAUSE_AFTER_ERROR_MS = 1_000;

/**
 * Decides which lane is next. It keeps the active lanes in memory, claims for them by turns, a little ahead of need,
 * and starts what it claimed by turns again, so that no lane and no tenant waits for another.
 */
export class Dispatcher {
  readonly #s: DispatcherServices;
  readonly #claims: CarefulClaims;
  readonly #claim: Claim;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes of which a claimed message may start. */
  readonly #startable = new StartLine();
  readonly #line: ClaimLine;
  readonly #doors: LaneDoors;
  readonly #probes: Probes;
  readonly #slots: Slots;
  readonly #overLimit: OverLimit;
  readonly #wake: WakeUp;
  readonly #dueAgain: WakeUp;
  readonly #running = new Set<Promise<void>>();
  #buffered = 0;
  #isPaused = false;
  #hard: AbortSignal = new AbortController().signal;
  /** Wakes the dispatcher when lanes that hold all slots may have stalled. */
  #stallTimer: Disposable | null = null;

  constructor(services: DispatcherServices) {
    const { clock, settings, readGates } = services;
    this.#s = services;
    this.#wake = new WakeUp(clock);
    this.#dueAgain = new WakeUp(clock);
    this.#slots = new Slots(clock, settings);
    this.#line = new ClaimLine(this.#slots);
    this.#probes = new Probes(services);
    this.#doors = new LaneDoors({ clock, readGates, onOpen: (lane) => this.#opened(lane) });
    this.#claims = new CarefulClaims(services);
    this.#claim = (lanes, options) => this.#claims.claim(lanes, options, this.#hard);
    this.#overLimit = new OverLimit({ ...services, claim: this.#claim }, (lane) => this.#doors.isOverLimit(lane));
  }

  /** Messages being sent, and those claimed ahead. */
  get load(): { readonly running: number; readonly buffered: number } {
    return { running: this.#slots.running, buffered: this.#buffered };
  }

  /** A message of this account became ready. It is on disk: what cannot be heard of now the next scan finds. */
  arrived(key: LaneKey, isImmediate: boolean): void {
    this.#inBackground(this.#wakeLane(key, isImmediate), 'a lane could not be woken');
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
    lane.change(await this.#s.laneSettings(accountPk));
    // It may have another relay now, or more room.
    if (await this.#check(lane)) this.#lineUp(lane, true);
  }

  /** The tenant was suspended or activated, or its limits or weight changed. */
  async tenantChanged(tenantId: string): Promise<void> {
    for (const lane of this.#lanes.values()) if (lane.tenantId === tenantId) await this.accountChanged(lane.accountPk);
  }

  /** The operator stopped or resumed all sending. */
  pausedChanged(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) {
      this.drop(() => true);
      return;
    }
    for (const lane of this.#doors.closed) this.#inBackground(this.#check(lane), 'a lane could not be looked at');
    this.#inBackground(this.#scan(), 'the lanes could not be looked for');
  }

  /** Give back what was claimed and has not reached MAIL, because it may not be sent any more. */
  drop(matches: (message: ClaimedMessage) => boolean): void {
    this.#s.flights.drop(matches);
    for (const lane of this.#lanes.values()) this.#dropBuffered(lane, matches);
  }

  /** The relay refused our credentials or the TLS settings: the account is paused from now on. */
  async accountPaused(accountPk: string): Promise<void> {
    this.#probes.paused(accountPk);
    const lane = this.#lanes.get(accountPk);
    if (lane === undefined) return;
    this.#dropBuffered(lane, () => true);
    await this.#check(lane);
  }

  /** The account works again. */
  async accountResumed(accountPk: string): Promise<void> {
    this.#probes.resumed(accountPk);
    const lane = this.#lanes.get(accountPk);
    if (lane !== undefined) await this.#check(lane);
  }

  /** Whether the account has a pause that a message which gets through would end. */
  isOnProbe(accountPk: string): boolean {
    return this.#probes.isPaused(accountPk);
  }

  /** The relay says 421. */
  slowDown(accountPk: string): void {
    this.#lanes.get(accountPk)?.slowDown();
  }

  /** The relay took commands of a transaction, or could not be reached. */
  pathTried(accountPk: string, isReached: boolean): void {
    const lane = this.#lanes.get(accountPk);
    if (lane === undefined) return;
    if (isReached) this.#slots.reached(lane);
    else this.#slots.pathFailed(lane);
  }

  /**
   * Claim and send until `signal` aborts; then give back what was not begun and wait for what was.
   *
   * @param hard aborts waiting for connections too
   */
  async run(signal: AbortSignal, hard: AbortSignal): Promise<void> {
    this.#hard = hard;
    await Promise.all([this.#scanLanes(signal), this.#promote(signal), this.#dispatch(signal, hard)]);
    this.#doors.dispose();
    for (const lane of this.#lanes.values()) this.#dropBuffered(lane, () => true);
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#claims.settled();
  }

  async #wakeLane(key: LaneKey, isImmediate: boolean): Promise<void> {
    const lane = this.#lanes.get(key.accountPk) ?? (await this.#addLane(key));
    lane.arrivals += 1;
    if (isImmediate) lane.immediateArrivals += 1;
    this.#lineUp(lane, isImmediate);
  }

  async #addLane(key: LaneKey): Promise<Lane> {
    const settings = await this.#s.laneSettings(key.accountPk);
    const known = this.#lanes.get(key.accountPk);
    if (known !== undefined) return known;
    const lane = new Lane(key, settings);
    this.#lanes.set(key.accountPk, lane);
    return lane;
  }

  #lineUp(lane: Lane, isUrgent: boolean): void {
    if (this.#doors.isClosed(lane)) {
      this.#rejectOverLimit(lane);
      return;
    }
    this.#line.add(lane, isUrgent);
    this.#wake.set();
  }

  /** A closed lane may send again: look at both its kinds of messages. */
  #opened(lane: Lane): void {
    lane.openedAt = this.#s.clock.now();
    this.#lineUp(lane, true);
  }

  async #check(lane: Lane): Promise<boolean> {
    const isOpen = await this.#doors.check(lane);
    if (isOpen) return true;
    this.#line.remove(lane);
    // What was reserved under a rate limit may go; what a person or a broken account holds back may not.
    if (!this.#doors.isOverLimit(lane)) this.#giveUp(lane);
    this.#rejectOverLimit(lane);
    return false;
  }

  #giveUp(lane: Lane): void {
    if (this.#probes.isPaused(lane.accountPk)) return;
    this.#s.flights.drop((message) => message.account_pk === lane.accountPk);
    this.#dropBuffered(lane, () => true);
  }

  async #scanLanes(signal: AbortSignal): Promise<void> {
    await this.#everyWhile(signal, async () => {
      await this.#scan();
      await this.#s.clock.sleep(SCAN_MS, signal);
    });
  }

  async #scan(): Promise<void> {
    const isPaused = await this.#s.isPaused();
    if (isPaused !== this.#isPaused) this.pausedChanged(isPaused);
    await this.#probes.refresh();
    for (const lane of this.#doors.closed.slice(0, CHECKS_PER_SCAN)) await this.#check(lane);
    for (const key of await this.#s.findLanes()) await this.#wakeLane(key, true);
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

  /** @returns whether there was a claim: it found something, or the lanes that have nothing made room for others */
  async #claimRound(): Promise<boolean> {
    if (this.#isPaused) return false;
    const urgent = this.#line.nextUrgent();
    await this.#claimFor(urgent, true);
    const next = this.#line.next();
    await this.#claimFor(next, false);
    return urgent.length + next.length > 0;
  }

  /** Accounts that are paused are probed one by one; of the others all is claimed in one unit. */
  async #claimFor(claims: readonly LaneClaim[], immediateOnly: boolean): Promise<void> {
    const [probing, plain] = partition(claims, ({ lane }) => this.#probes.isPaused(lane.accountPk));
    if (plain.length > 0) await this.#claimInto(plain, immediateOnly);
    for (const { lane } of probing) await this.#probe(lane);
  }

  async #claimInto(claims: readonly LaneClaim[], immediateOnly: boolean): Promise<void> {
    const { clock, keeper } = this.#s;
    let claimed: readonly ClaimedMessage[][];
    try {
      claimed = await this.#claim(
        claims.map(({ lane, quota }) => ({ ...lane.key, quota, limits: lane.settings.limits })),
        { session: keeper.number, now: clock.now(), immediateOnly },
      );
    } catch (error) {
      for (const { lane } of claims) this.#lineUp(lane, immediateOnly);
      throw error;
    }
    // All of them, before anything can fail: nobody else knows that they are ours.
    for (const [index, { lane }] of claims.entries()) this.#buffer(lane, claimed[index] ?? []);
    for (const [index, { lane, quota, arrivals }] of claims.entries()) {
      const isShort = (claimed[index] ?? []).length < quota;
      // Only the gates tell a lane that may not send from one that has nothing to send.
      if (isShort && lane.settings.limits !== null && !(await this.#check(lane))) continue;
      const hasNews = arrivals !== (immediateOnly ? lane.immediateArrivals : lane.arrivals);
      if (!isShort || hasNews) this.#lineUp(lane, immediateOnly);
    }
  }

  /** Send one message of a paused account, to see whether it works again. */
  async #probe(lane: Lane): Promise<void> {
    const { clock, keeper } = this.#s;
    if (await this.#probes.take(lane.accountPk)) {
      const [messages = []] = await this.#claim(
        [{ ...lane.key, quota: 1, limits: lane.settings.limits, probe: true }],
        {
          session: keeper.number,
          now: clock.now(),
          immediateOnly: false,
        },
      );
      if (messages.length === 0) return;
      this.#probes.spent(lane.accountPk);
      this.#buffer(lane, messages);
      await this.#check(lane);
      return;
    }
    if (await this.#check(lane)) {
      // Somebody ended the pause in between.
      await this.#probes.refresh();
      this.#lineUp(lane, true);
    }
  }

  #buffer(lane: Lane, messages: readonly ClaimedMessage[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      this.#s.flights.add(message);
      if (message.eligible_at < lane.openedAt && lane.settings.limits !== null) this.#s.wasLimited(message);
    }
    this.#buffered += messages.length;
    lane.buffered.push(...messages);
    lane.buffered.sort(byRank);
    this.#slots.claimed(lane);
    this.#startable.update(lane);
    this.#wake.set();
  }

  #rejectOverLimit(lane: Lane): void {
    const rejecting = this.#overLimit.reject(lane);
    if (rejecting !== null) this.#track(rejecting);
  }

  /** Start what the slots allow, lane by lane. */
  #startAll(hard: AbortSignal): void {
    if (this.#isPaused) return;
    const taken = this.#slots.taken();
    const full: Lane[] = [];
    while (this.#slots.hasRoom(taken)) {
      const immediateOnly = this.#slots.isFullForNormal(taken);
      const lane = this.#startable.take(immediateOnly);
      if (lane === undefined) break;
      const next = lane.next(immediateOnly);
      const isImmediate = next?.priority === 0;
      if (next === undefined || !this.#slots.mayStart(lane, isImmediate, taken)) {
        full.push(lane);
        continue;
      }
      lane.buffered.splice(lane.buffered.indexOf(next), 1);
      this.#buffered -= 1;
      taken.running += 1;
      if (!isImmediate) taken.normal += 1;
      this.#start(lane, next, hard);
      this.#startable.update(lane);
    }
    for (const lane of full) this.#startable.update(lane);
    if (full.length > 0 || this.#slots.isFullForNormal(taken)) this.#lookAgainWhenStalled();
  }

  #lookAgainWhenStalled(): void {
    const stallMs = this.#slots.nextStallMs;
    if (stallMs === null) return;
    this.#stallTimer ??= this.#s.clock.after(stallMs, () => {
      this.#stallTimer = null;
      this.#wake.set();
    });
  }

  #start(lane: Lane, message: ClaimedMessage, hard: AbortSignal): void {
    const end = this.#slots.begin(lane, message.priority === 0);
    this.#track(
      this.#attempt(message, hard).finally(() => {
        end();
        this.#s.flights.remove(message.pk);
        this.#line.gotRoom(lane);
        this.#startable.update(lane);
        this.#wake.set();
        if (lane.running === 0 && this.#doors.isClosed(lane)) {
          this.#inBackground(this.#check(lane), 'a lane could not be looked at');
        }
      }),
    );
  }

  async #attempt(message: ClaimedMessage, hard: AbortSignal): Promise<void> {
    const { attempt, log } = this.#s;
    try {
      if ((await attempt(message, hard)) !== 'unsent') return;
      await giveBack([message], this.#s, hard);
      this.arrived({ accountPk: message.account_pk, tenantId: message.tenant_id }, message.priority === 0);
    } catch (error) {
      // The outcome could not be written: the message stays leased until its session ends.
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'an outcome could not be written');
    }
  }

  #dropBuffered(lane: Lane, matches: (message: ClaimedMessage) => boolean): void {
    const dropped = lane.buffered.filter(matches);
    if (dropped.length === 0) return;
    const kept = lane.buffered.filter((message) => !matches(message));
    lane.buffered.splice(0, lane.buffered.length, ...kept);
    this.#buffered -= dropped.length;
    this.#line.gotRoom(lane);
    this.#startable.update(lane);
    for (const { pk } of dropped) this.#s.flights.remove(pk);
    this.#track(giveBack(dropped, this.#s, this.#hard));
  }

  #track(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#s.log.error({ err: error }, 'the dispatcher failed and goes on'))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #inBackground(work: Promise<unknown>, complaint: string): void {
    work.catch((error: unknown) => this.#s.log.warn({ err: error }, complaint));
  }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
