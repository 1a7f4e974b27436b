// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DeliverySettings } from '../config/engine-config.ts';
import type { BatchKey } from '../entities/message/message-control.types.ts';
import { isMailProxyError } from '../errors.ts';
import type { LaneState } from '../observability/stop-metrics.ts';
import type { Claim, ClaimedMessage } from '../queue/claim.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { type LaneKey, lanesOf } from '../queue/lanes.ts';
import type { Promotion } from '../queue/promote.ts';
import type { Release } from '../queue/release.ts';
import { WakeUp } from '../wake-up.ts';
import { CarefulClaims } from './careful-claims.ts';
import { ClaimLine, type ClaimWait, type LaneClaim } from './claim-line.ts';
import { ClaimedMail, type ClaimedMailServices } from './claimed-mail.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { LaneDoors } from './lane-doors.ts';
import { countLanes } from './lane-states.ts';
import { OverLimit, type OverLimitServices } from './over-limit.ts';
import { type ProbeServices, Probes } from './probes.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { Slots } from './slots.ts';

export interface DispatcherServices extends ClaimedMailServices {
  readonly keeper: SessionKeeper;
  readonly claim: Claim;
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
  readonly isBatchSuspended: (batch: BatchKey) => Promise<boolean>;
  readonly budget: Pick<ConnectionBudget, 'firstShare' | 'secure' | 'onMore'>;
  readonly reject: OverLimitServices['reject'];
  /** Messages of the lane became ready: other instances may want to send them too. */
  readonly tellPeers: (lane: LaneKey, isImmediate: boolean) => void;
  /** The time of messages has come whose attachments are to be fetched. */
  readonly onPreparing: () => void;
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
 * Where more outcomes come than this, those that come during a commit are many enough. To wait for more left the writer
 * without work, and the lane waiting for its outcomes: a tenth fewer messages a second, and no fewer commits.
 */
const MAX_EXPECTED = 10;

type Matches = (message: ClaimedMessage) => boolean;

/**
 * Decides which lane is next. It keeps the active lanes in memory, claims for them by turns, a little ahead of need,
 * and starts what it claimed by turns again, so that no lane and no tenant waits for another.
 */
export class Dispatcher {
  readonly #s: DispatcherServices;
  readonly #claims: CarefulClaims;
  readonly #claim: Claim;
  readonly #lanes = new Map<string, Lane>();
  readonly #line: ClaimLine;
  readonly #doors: LaneDoors;
  readonly #probes: Probes;
  readonly #slots: Slots;
  readonly #overLimit: OverLimit;
  readonly #wake: WakeUp;
  readonly #dueAgain: WakeUp;
  readonly #claimed: ClaimedMail;
  /** What is dropped while claims are under way, one list a claim: it may have been taken before. */
  readonly #dropped = new Set<Matches[]>();
  #hard: AbortSignal = new AbortController().signal;
  #isPaused = false;
  #progress = 0;

  constructor(services: DispatcherServices) {
    const { clock, settings, readGates } = services;
    this.#s = services;
    this.#wake = new WakeUp(clock);
    this.#dueAgain = new WakeUp(clock);
    this.#slots = new Slots(clock, settings);
    this.#line = new ClaimLine(this.#slots);
    this.#claimed = new ClaimedMail(services, this.#slots, {
      onRoom: (lane) => this.#gotRoom(lane),
      onIdle: (lane) => this.#idle(lane),
      onGivenBack: (lane, isImmediate) => this.arrived(lane.key, isImmediate),
      onStallOver: () => this.#wake.set(),
    });
    this.#probes = new Probes(services);
    this.#doors = new LaneDoors({
      clock,
      readGates,
      onOpen: (lane) => this.#opened(lane),
      onShut: (lane) => this.#rejectOverLimit(lane),
    });
    services.budget.onMore((lane) => this.#lineUp(lane, true));
    this.#claims = new CarefulClaims(services);
    this.#claim = (lanes, options) => this.#claims.claim(lanes, options, this.#hard);
    this.#overLimit = new OverLimit({ ...services, claim: this.#claim }, (lane) => this.#doors.hasSpentLimit(lane));
  }

  /** Outcomes that are about to be written: what is one of them waits a moment for the others. */
  get outcomesExpected(): number {
    return Math.min(MAX_EXPECTED, Math.ceil((this.#slots.running + this.#slots.unsettled) / 2));
  }

  /** Messages being sent, and those claimed ahead. */
  get load(): { readonly running: number; readonly buffered: number } {
    return { running: this.#slots.running, buffered: this.#claimed.buffered };
  }

  /** Rises with each message that is claimed, begun, or let go on when it is due. */
  get progress(): number {
    return this.#progress + this.#claimed.begun;
  }

  /** Whether nothing that is known here keeps messages of this lane from being claimed. */
  mayClaim({ accountPk }: LaneKey): boolean {
    if (this.#isPaused) return false;
    const lane = this.#lanes.get(accountPk);
    if (lane === undefined) return true;
    return (
      !this.#doors.isClosed(lane) && !this.#probes.isPaused(accountPk) && this.#line.waits(lane, false).length === 0
    );
  }

  /** How many lanes this instance has in hand, by what they do. */
  get laneStates(): Readonly<Record<LaneState, number>> {
    return countLanes(this.#lanes.values(), (lane) => this.#doors.gatesOf(lane));
  }

  /** A message of this account is about to be ready: what is claimed from now on may be this one. */
  expects({ accountPk }: LaneKey, isImmediate: boolean): void {
    const lane = this.#lanes.get(accountPk);
    if (lane !== undefined && (isImmediate || lane.wantsMore)) this.#hasNews(lane, isImmediate);
  }

  /** A message of this account became ready. It is on disk: what cannot be heard of now the next scan finds. */
  arrived(key: LaneKey, isImmediate: boolean): void {
    this.heard(key, isImmediate);
    this.#s.tellPeers(key, isImmediate);
  }

  /** Another instance says that a message of this account became ready. */
  heard(key: LaneKey, isImmediate: boolean): void {
    this.#inBackground(this.#wakeLane(key, isImmediate), 'a lane could not be woken');
  }

  /** There may be news that nobody told of. */
  lookAround(): void {
    this.#inBackground(this.#scan(), 'the lanes could not be looked for');
    this.#inBackground(this.#recheck(), 'what is claimed could not be looked at');
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
    this.lookAround();
  }

  /** Give back what was claimed and has not reached MAIL, because it may not be sent any more. */
  drop(matches: Matches): void {
    this.#s.flights.drop(matches);
    for (const lane of this.#lanes.values()) this.#claimed.drop(lane, matches);
    this.#dropOfClaims(matches);
  }

  /** Nothing of the batch is begun any more. */
  batchSuspended({ tenantId, batchCode }: BatchKey): void {
    this.drop((message) => message.tenant_id === tenantId && message.batch_code === batchCode);
  }

  /** The relay refused our credentials or the TLS settings: the account is paused from now on. */
  async accountPaused(accountPk: string): Promise<void> {
    this.#probes.paused(accountPk);
    const lane = this.#lanes.get(accountPk);
    if (lane === undefined) return;
    this.#claimed.drop(lane);
    this.#dropOfClaims((message) => message.account_pk === accountPk);
    await this.#check(lane);
  }

  /** A person paused the account: nothing of it is begun any more, and no message tries it. */
  async accountStopped(accountPk: string): Promise<void> {
    this.#probes.stopped(accountPk);
    this.drop((message) => message.account_pk === accountPk);
    const lane = this.#lanes.get(accountPk);
    if (lane !== undefined) await this.#check(lane);
  }

  /** The account works again. */
  async accountResumed(accountPk: string): Promise<void> {
    this.#probes.resumed(accountPk);
    const lane = this.#lanes.get(accountPk);
    // Its door may be open already, for the probe, and says nothing then.
    if (lane !== undefined && (await this.#check(lane))) this.#lineUp(lane, true);
  }

  /** Whether the account has a pause that a message which gets through would end. */
  isOnProbe(accountPk: string): boolean {
    return this.#probes.isPaused(accountPk);
  }

  /** What keeps ready messages of this account from being claimed here, besides the gates of its lane. */
  claimWaits(accountPk: string, isImmediate: boolean): readonly ClaimWait[] {
    const lane = this.#lanes.get(accountPk);
    return lane === undefined ? [] : this.#line.waits(lane, isImmediate);
  }

  /** The relay says 421 to an attempt that began then; monotonic milliseconds. */
  slowDown(accountPk: string, startedAt: number): void {
    const lane = this.#lanes.get(accountPk);
    if (lane?.slowDown(startedAt, this.#s.clock.monotonic()) !== true) return;
    // Those that still wait for a connection would open as many again; they go back uncounted.
    this.#s.flights.drop((message) => message.account_pk === accountPk && !lane.buffered.includes(message));
  }

  /** The relay judged mail, or could not be reached. */
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
    this.#claimed.begin(hard);
    await Promise.all([this.#scanLanes(signal), this.#promote(signal), this.#dispatch(signal)]);
    this.#doors.dispose();
    for (const lane of this.#lanes.values()) this.#claimed.drop(lane);
    await this.#claimed.ended();
    await this.#claims.settled();
  }

  async #wakeLane(key: LaneKey, isImmediate: boolean): Promise<void> {
    this.#hasNews(this.#lanes.get(key.accountPk) ?? (await this.#addLane(key)), isImmediate);
  }

  #hasNews(lane: Lane, isImmediate: boolean): void {
    lane.arrivals += 1;
    if (isImmediate) lane.immediateArrivals += 1;
    this.#lineUp(lane, isImmediate);
  }

  async #addLane(key: LaneKey): Promise<Lane> {
    const settings = await this.#s.laneSettings(key.accountPk);
    const known = this.#lanes.get(key.accountPk);
    if (known !== undefined) return known;
    const lane = new Lane(key, settings);
    lane.share = this.#s.budget.firstShare;
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
    return false;
  }

  #giveUp(lane: Lane): void {
    if (this.#probes.isPaused(lane.accountPk)) return;
    const isOfLane: Matches = (message) => message.account_pk === lane.accountPk;
    this.#s.flights.drop(isOfLane);
    this.#claimed.drop(lane);
    this.#dropOfClaims(isOfLane);
  }

  /** Notes what is dropped from now on, until it is disposed of: not before what was claimed is in hand. */
  #noteDrops(): Disposable & { readonly dropped: readonly Matches[] } {
    const dropped: Matches[] = [];
    this.#dropped.add(dropped);
    return { dropped, [Symbol.dispose]: () => void this.#dropped.delete(dropped) };
  }

  #dropOfClaims(matches: Matches): void {
    for (const dropped of this.#dropped) dropped.push(matches);
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

  /** Give back what was claimed and may not be sent any more: its account, its tenant or its batch was stopped. */
  async #recheck(): Promise<void> {
    const batches = new Map<string, BatchKey>();
    for (const lane of this.#lanes.values()) {
      if (lane.buffered.length + lane.running === 0) continue;
      for (const { tenant_id: tenantId, batch_code: batchCode } of lane.buffered) {
        if (batchCode !== null) batches.set(JSON.stringify([tenantId, batchCode]), { tenantId, batchCode });
      }
      await this.#check(lane);
    }
    for (const batch of batches.values()) {
      if (await this.#s.isBatchSuspended(batch)) this.batchSuspended(batch);
    }
  }

  async #promote(signal: AbortSignal): Promise<void> {
    const { clock, promotion } = this.#s;
    await this.#everyWhile(signal, async () => {
      const promoted = await promotion.promote(clock.now(), PROMOTE_BATCH);
      this.#progress += promoted.length;
      if (promoted.some(({ state }) => state === 'preparing')) this.#s.onPreparing();
      for (const key of lanesOf(promoted.filter(({ state }) => state === 'ready'))) {
        await this.#wakeLane(key, true);
        this.#s.tellPeers(key, true);
      }
      if (promoted.length === PROMOTE_BATCH) return;
      const dueAt = await promotion.nextDueAt();
      const sleepMs = dueAt === null ? MAX_PROMOTION_SLEEP_MS : Math.max(1, dueAt - clock.now());
      await this.#dueAgain.wait(signal, Math.min(sleepMs, MAX_PROMOTION_SLEEP_MS));
    });
  }

  async #dispatch(signal: AbortSignal): Promise<void> {
    await this.#everyWhile(signal, async () => {
      await this.#wake.wait(signal);
      while (!signal.aborted && (await this.#claimRound())) this.#startAll();
      if (!signal.aborted) this.#startAll();
    });
  }

  #startAll(): void {
    if (!this.#isPaused) this.#claimed.startAll();
  }

  #gotRoom(lane: Lane): void {
    this.#line.gotRoom(lane);
    this.#wake.set();
  }

  #idle(lane: Lane): void {
    if (this.#doors.isClosed(lane)) this.#inBackground(this.#check(lane), 'a lane could not be looked at');
    else if (this.#probes.isPaused(lane.accountPk)) this.#lineUp(lane, true);
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

  /** Lanes without a connection wait for one. Accounts that are paused are probed one by one; of the others all is claimed in one unit. */
  async #claimFor(claims: readonly LaneClaim[], immediateOnly: boolean): Promise<void> {
    const without = new Set(await this.#s.budget.secure(claims.map(({ lane }) => lane)));
    const able: LaneClaim[] = [];
    for (const claim of claims) if (!without.has(claim.lane) && (await this.#mayBegin(claim.lane))) able.push(claim);
    const [probing, plain] = partition(able, ({ lane }) => this.#probes.isPaused(lane.accountPk));
    if (plain.length > 0) await this.#claimInto(plain, immediateOnly);
    for (const { lane } of probing) await this.#probe(lane);
  }

  /** A lane that a person stopped is closed before it is asked for mail, so that it opens by itself at its time. */
  async #mayBegin(lane: Lane): Promise<boolean> {
    return !this.#probes.isStopped(lane.accountPk) || this.#check(lane);
  }

  async #claimInto(claims: readonly LaneClaim[], immediateOnly: boolean): Promise<void> {
    const { clock, keeper } = this.#s;
    using meanwhile = this.#noteDrops();
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
    for (const [index, { lane, quota }] of claims.entries()) {
      const messages = claimed[index] ?? [];
      if (!immediateOnly) lane.claimed(messages.length, quota);
      this.#buffer(lane, messages, meanwhile.dropped);
    }
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
    // One that takes its time is not followed by another; its end is.
    if (lane.inHand + lane.buffered.length > 0) return;
    if (await this.#probes.take(lane.accountPk)) {
      using meanwhile = this.#noteDrops();
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
      this.#buffer(lane, messages, meanwhile.dropped);
      await this.#check(lane);
      return;
    }
    if (await this.#check(lane)) {
      // Somebody ended the pause in between.
      await this.#probes.refresh();
      this.#lineUp(lane, true);
    }
  }

  /** @param dropped while they were claimed: those go back at once */
  #buffer(lane: Lane, messages: readonly ClaimedMessage[], dropped: readonly Matches[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      if (message.eligible_at < lane.openedAt && lane.settings.limits !== null) this.#s.wasLimited(message);
    }
    this.#claimed.add(lane, messages);
    this.#progress += messages.length;
    for (const matches of dropped) this.#claimed.drop(lane, matches);
    this.#wake.set();
    if (lane.share === 0) this.#inBackground(this.#regain(lane), 'a lane lost its connections');
  }

  /** Its connections were given to another instance while this one claimed: they come back, or what was claimed goes. */
  async #regain(lane: Lane): Promise<void> {
    const without = await this.#s.budget.secure([lane]);
    if (without.length > 0) this.#claimed.drop(lane);
    else this.#wake.set();
  }

  #rejectOverLimit(lane: Lane): void {
    const rejecting = this.#overLimit.reject(lane);
    if (rejecting !== null) this.#claimed.track(rejecting);
  }

  #inBackground(work: Promise<unknown>, complaint: string): void {
    work.catch((error: unknown) => this.#s.log.warn({ err: error }, complaint));
  }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
