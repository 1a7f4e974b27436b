// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StopSignal } from '../stop-signal.ts';
import { TransientSet } from '../transient.ts';
import { classifyConnectError } from './classify.ts';
import { Deadline } from './deadline.ts';
import { givenUp } from './opening-errors.ts';
import type { HeldPlace, PooledSession, PoolLimits, PoolStats } from './pool.types.ts';
import { PoolPlaces } from './pool-places.ts';
import type { PoolSlots, SlotUser } from './pool-slots.ts';
import { SmtpConnectError, type SmtpRelay, type SmtpSession } from './session.types.ts';
import type { OpenSessionOptions } from './session-opening.ts';
import { TrustStore } from './trust-store.ts';

export type OpenSession = (relay: SmtpRelay, options: OpenSessionOptions) => Promise<SmtpSession>;

/**
 * Idle time after which a connection is asked whether it still lives. Firewalls forget it in silence, and then only the
 * timeout of MAIL would tell, after minutes.
 */
const CHECK_AFTER_IDLE_MS = 15_000;
/** For the reply to that question; a relay that needs longer is not worth waiting for. */
const CHECK_TIMEOUT_MS = 5_000;
/**
 * A relay that takes longer for its reply to a message gets the next one only then: until it comes another connection may
 * be free.
 */
const MAX_DOT_MS_TO_PASS_ON = 1_000;
/**
 * A relay that replies sooner to a message keeps nobody urgent waiting for long behind one, so that all may use the
 * connection that is kept for them.
 */
const QUICK_DOT_MS = 250;

/** A connection of the pool. */
interface Connection {
  readonly session: SmtpSession;
  readonly openedAt: number;
  /** Which `retire` it was opened after. */
  readonly generation: number;
  idleSince: number;
  loans: number;
  /** Callers that have it: more than one, while one waits for nothing but the last reply and the next is behind it. */
  borrowers: number;
  /** Since when its borrower waits for nothing but the last reply; monotonic milliseconds. */
  atDotSince: number;
}

/** Somebody who asked for a session. */
interface Caller {
  /** Rises with each. */
  readonly number: number;
  readonly relay: SmtpRelay;
  readonly limits: PoolLimits;
  readonly signal: StopSignal | undefined;
  readonly resolve: (session: PooledSession) => void;
  readonly reject: (error: unknown) => void;
  /** A listener of its own: callers that share a signal must each be able to stop listening. */
  readonly onAbort: () => void;
}

export interface LaneParts {
  readonly clock: Clock;
  readonly open: OpenSession;
  readonly slots: PoolSlots;
  readonly isUrgent: boolean;
  /** Told when the lane holds nothing more. */
  readonly onEmpty: () => void;
  /** Whether another key has no connections, and nobody waits for one. */
  readonly isUnused: (key: string) => boolean;
}

/**
 * The connections of one key, and who waits for one.
 *
 * As long as no session ever worked, one opening at a time is under way: a wrong password is tried once, not by every
 * caller, and its refusal is the answer for all.
 */
export class PoolLane implements SlotUser {
  readonly host: string;
  readonly isUrgent: boolean;
  readonly #clock: Clock;
  readonly #open: OpenSession;
  readonly #slots: PoolSlots;
  readonly #onEmpty: () => void;
  readonly #isUnused: (key: string) => boolean;
  readonly #waiting: Caller[] = [];
  /** The last one was used last. */
  readonly #idle: Connection[] = [];
  readonly #busy = new TransientSet<Connection>();
  /** Of those, the ones behind whose borrower somebody may go; the first has waited longest for its last reply. */
  readonly #atDot = new TransientSet<Connection>();
  readonly #closing = new Set<Connection>();
  readonly #places = new PoolPlaces(() => this.serve());
  readonly #idleDeadline: Deadline;
  readonly #closed = new AbortController();
  readonly #trust = new TrustStore();
  #opening = 0;
  #generation = 0;
  #idleMs = 0;
  #lastCaller = 0;
  /** What the relay took for its last reply to a message; null before the first. */
  #lastDotMs: number | null = null;
  /** The settings opened a session, and were not refused since. */
  #hasWorked = false;

  constructor({ host, port }: SmtpRelay, { clock, open, slots, isUrgent, onEmpty, isUnused }: LaneParts) {
    this.isUrgent = isUrgent;
    this.host = `${host.toLowerCase()}:${port}`;
    this.#clock = clock;
    this.#open = open;
    this.#slots = slots;
    this.#onEmpty = onEmpty;
    this.#isUnused = isUnused;
    this.#idleDeadline = new Deadline(clock, () => this.#closeExpired());
  }

  get size(): number {
    return this.#busy.size + this.#idle.length + this.#opening + this.#closing.size + this.#places.held;
  }

  get idleSince(): number | null {
    return this.#idle[0]?.idleSince ?? null;
  }

  get stats(): PoolStats {
    return {
      busy: this.#busy.size + this.#places.held,
      idle: this.#idle.length,
      opening: this.#opening,
      closing: this.#closing.size,
      waiting: this.#waiting.length + this.#places.waiting,
    };
  }

  acquire(relay: SmtpRelay, limits: PoolLimits, signal?: StopSignal): Promise<PooledSession> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(givenUp());
        // The lane may be new, and needed by nobody.
        this.serve();
        return;
      }
      // Whoever waits already comes first; a caller joins the line even if it is served at once.
      const onAbort = (): void => this.#dropAborted();
      this.#lastCaller += 1;
      this.#standInLine({ number: this.#lastCaller, relay, limits, signal, resolve, reject, onAbort });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.serve();
    });
  }

  #standInLine(caller: Caller): void {
    const behind = caller.limits.goesFirst === true ? this.#waiting.findIndex(({ limits }) => !limits.goesFirst) : -1;
    if (behind === -1) this.#waiting.push(caller);
    else this.#waiting.splice(behind, 0, caller);
  }

  reserve({ maxConnections }: Pick<PoolLimits, 'maxConnections'>, signal?: AbortSignal): Promise<HeldPlace> {
    return this.#places.wait(maxConnections, signal);
  }

  retire(): void {
    this.#generation += 1;
    this.#hasWorked = false;
    for (const connection of this.#idle.splice(0)) this.#quit(connection);
    this.serve();
  }

  /** Lend nothing more; what is busy closes when it is released. */
  close(): void {
    this.#closed.abort();
    this.#rejectWaiting(() => true, givenUp());
    this.#places.rejectWaiting();
    this.retire();
  }

  /** Cut everything that is still open, and forget it, whether or not its borrower gives it back. */
  destroy(): void {
    const all = [...this.#idle.splice(0), ...this.#busy.values(), ...this.#closing];
    this.#busy.clear();
    this.#atDot.clear();
    this.#closing.clear();
    this.#places.forget();
    for (const { session } of all) session.destroy();
    this.serve();
  }

  closeOldestIdle(): void {
    const oldest = this.#idle.shift();
    if (oldest !== undefined) this.#quit(oldest);
    this.serve();
  }

  /** Give sessions to callers, in their order, as long as there is one to give. */
  serve(): void {
    const arePlacesInLine = this.#servePlaces();
    let isCallerInLine = false;
    for (let caller = this.#waiting[0]; caller !== undefined; caller = this.#waiting[0]) {
      if (!this.#leavesOne(caller.limits)) break;
      let connection = this.#takeIdle(caller.limits);
      const mayOpen = connection === null && this.#mayOpen(caller);
      const isNew = mayOpen && this.#slots.take(this);
      if (connection === null && !isNew) connection = this.#takeAtDot(caller.limits);
      isCallerInLine = mayOpen && !isNew && connection === null;
      if (connection === null && !isNew) break;
      this.#waiting.shift();
      caller.signal?.removeEventListener('abort', caller.onAbort);
      if (connection === null) void this.#openFor(caller);
      else if (connection.borrowers === 0 && this.#needsCheck(connection)) void this.#checkFor(caller, connection);
      else caller.resolve(this.#lend(connection, caller.limits, true));
    }
    if (!arePlacesInLine && !isCallerInLine) this.#slots.withdraw(this);
    this.#slots.changed(this);
    if (this.size === 0 && this.#waiting.length === 0 && this.#places.waiting === 0) {
      this.#idleDeadline[Symbol.dispose]();
      this.#onEmpty();
    }
  }

  /** @returns whether the lane stands in line for a slot */
  #servePlaces(): boolean {
    if (this.#places.waiting === 0) return false;
    // What has just closed counts there still, and would cost another idle connection.
    this.#slots.changed(this);
    for (;;) {
      const maxConnections = this.#places.nextMaxConnections;
      if (maxConnections === null) return false;
      const hasRoom = this.size < Math.max(1, maxConnections);
      if (hasRoom && this.#slots.take(this)) {
        this.#places.grant(this.#closed.signal);
        continue;
      }
      const oldest = this.#closing.size < this.#places.waiting ? this.#idle.shift() : undefined;
      if (oldest === undefined) return hasRoom;
      this.#quit(oldest);
    }
  }

  #mayOpen({ limits }: Caller): boolean {
    return this.#hasPlace(limits) && (this.#hasWorked || this.#opening === 0);
  }

  #hasPlace({ maxConnections, keptFor }: PoolLimits): boolean {
    const most = Math.max(1, maxConnections);
    if (this.size !== most) return this.size < most;
    return keptFor !== undefined && this.#isQuick && this.#isUnused(keptFor);
  }

  /** Where the place that is kept for another key was taken: whether one connection stays that is free soon. */
  #leavesOne({ isLong, maxConnections, keptFor }: PoolLimits): boolean {
    const isTaken = keptFor !== undefined && this.size > maxConnections;
    return isLong !== true || !isTaken || this.#busy.size < maxConnections;
  }

  get #isQuick(): boolean {
    return this.#lastDotMs !== null && this.#lastDotMs <= QUICK_DOT_MS;
  }

  #takeIdle(limits: PoolLimits): Connection | null {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (this.#isGood(connection, limits)) return connection;
      this.#quit(connection);
    }
    return null;
  }

  /** One behind whose message the next may go: its borrower waits for the last reply only. */
  #takeAtDot(limits: PoolLimits): Connection | null {
    if (this.#atDot.size === 0 || this.#places.waiting > 0) return null;
    for (const connection of this.#atDot.values()) {
      if (!this.#mayGoBehind(connection, limits)) continue;
      this.#atDot.delete(connection);
      return connection;
    }
    return null;
  }

  #mayGoBehind(connection: Connection, limits: PoolLimits): boolean {
    const { session, atDotSince, loans } = connection;
    const { lastDotMs } = session;
    if (lastDotMs === null || lastDotMs > MAX_DOT_MS_TO_PASS_ON) return false;
    if (this.#clock.monotonic() - atDotSince > MAX_DOT_MS_TO_PASS_ON) return false;
    // The transaction under way is not counted yet.
    return this.#isGood(connection, limits, 1) && !this.#slots.isWanted(this, loans);
  }

  #isGood({ session, openedAt, generation }: Connection, limits: PoolLimits, underWay = 0): boolean {
    return (
      session.usable &&
      generation === this.#generation &&
      session.transactions + underWay <
        Math.min(limits.maxTransactionsPerConnection, session.maxTransactions ?? Infinity) &&
      this.#clock.monotonic() - openedAt < limits.maxAgeMs
    );
  }

  async #openFor(caller: Caller): Promise<void> {
    const { relay, limits, signal } = caller;
    const generation = this.#generation;
    const lastCaller = this.#lastCaller;
    const signals: readonly StopSignal[] = signal === undefined ? [this.#closed.signal] : [this.#closed.signal, signal];
    using stop = anyOf(signals);
    this.#opening += 1;
    try {
      const session = await this.#open(relay, {
        clock: this.#clock,
        trust: this.#trust,
        signal: stop.signal,
        onUnusable: () => this.#dropUnusable(),
      });
      const openedAt = this.#clock.monotonic();
      const connection: Connection = {
        session,
        openedAt,
        generation,
        idleSince: openedAt,
        loans: 0,
        borrowers: 0,
        atDotSince: 0,
      };
      this.#opening -= 1;
      this.#hasWorked = generation === this.#generation;
      if (stop.signal.aborted) {
        // Opened all the same: of use to the next caller, not to this one.
        caller.reject(givenUp());
        this.#takeBack(connection, limits);
      } else {
        caller.resolve(this.#lend(connection, limits, false));
        this.serve();
      }
    } catch (error) {
      this.#opening -= 1;
      caller.reject(error);
      if (error instanceof SmtpConnectError) this.#shareFailure(error, lastCaller);
      this.serve();
    }
  }

  /** What failed for one caller and would fail for the others is their answer as well. */
  #shareFailure(error: SmtpConnectError, lastCaller: number): void {
    if (classifyConnectError(error).verdict === 'account') {
      this.#hasWorked = false;
      this.#rejectWaiting(() => true, error);
    } else if (!this.#hasWorked && error.fault.stage === 'connect' && error.fault.kind !== 'aborted') {
      // Out of reach; who came before this opening began has waited for nothing else. One after the other, each
      // would wait for a timeout of its own.
      this.#rejectWaiting(({ number }) => number <= lastCaller, error);
    }
  }

  #needsCheck({ idleSince }: Connection): boolean {
    return this.#clock.monotonic() - idleSince >= CHECK_AFTER_IDLE_MS;
  }

  async #checkFor(caller: Caller, connection: Connection): Promise<void> {
    this.#busy.add(connection);
    const isAlive = await connection.session.check(CHECK_TIMEOUT_MS);
    const isHeld = this.#busy.delete(connection);
    const { limits, signal, onAbort } = caller;
    if (this.#closed.signal.aborted || signal?.aborted) {
      caller.reject(givenUp());
      if (isHeld) this.#takeBack(connection, limits);
    } else if (isHeld && isAlive) {
      caller.resolve(this.#lend(connection, limits, true));
    } else {
      connection.session.destroy();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.unshift(caller);
      this.serve();
    }
  }

  #lend(connection: Connection, limits: PoolLimits, reused: boolean): PooledSession {
    this.#busy.add(connection);
    connection.loans += 1;
    connection.borrowers += 1;
    const loan = connection.loans;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.#lastDotMs = connection.session.lastDotMs ?? this.#lastDotMs;
      connection.borrowers -= 1;
      if (connection.loans === loan) this.#atDot.delete(connection);
      if (connection.borrowers === 0 && this.#busy.delete(connection)) this.#takeBack(connection, limits);
    };
    return {
      session: connection.session,
      reused,
      // Who got it last: those before may not have given it back when they have their replies.
      passOn: () => isHeld && connection.loans === loan && this.#passOn(connection, limits),
      release,
      [Symbol.dispose]: release,
    };
  }

  /** @returns whether somebody goes behind it, or whoever comes next would */
  #passOn(connection: Connection, limits: PoolLimits): boolean {
    if (!this.#busy.has(connection)) return false;
    connection.atDotSince = this.#clock.monotonic();
    this.#atDot.add(connection);
    if (this.#waiting.length > 0) this.serve();
    return !this.#atDot.has(connection) || this.#mayGoBehind(connection, limits);
  }

  #takeBack(connection: Connection, limits: PoolLimits): void {
    const isKept = this.#isGood(connection, limits) && !this.#mustReturnPlace(limits);
    if (isKept && !this.#slots.mustYield(this, connection.loans)) {
      connection.idleSince = this.#clock.monotonic();
      this.#idleMs = limits.idleMs;
      if (this.#idle.push(connection) === 1) this.#idleDeadline.set(limits.idleMs);
    } else {
      this.#quit(connection);
    }
    this.serve();
  }

  /** The relay is quick no more: the place that was taken is kept for the other key again, unless one of it is next here. */
  #mustReturnPlace({ maxConnections, keptFor }: PoolLimits): boolean {
    if (keptFor === undefined || this.#isQuick || this.size < maxConnections) return false;
    return this.#waiting[0]?.limits.goesFirst !== true;
  }

  #quit(connection: Connection): void {
    if (!connection.session.usable) {
      connection.session.destroy();
      return;
    }
    this.#closing.add(connection);
    void connection.session.quit().finally(() => {
      this.#closing.delete(connection);
      this.serve();
    });
  }

  #closeExpired(): void {
    const expired = this.#clock.monotonic() - this.#idleMs;
    // The first one has been idle for the longest time.
    for (let oldest = this.#idle[0]; oldest !== undefined; oldest = this.#idle[0]) {
      if (oldest.idleSince > expired) {
        this.#idleDeadline.set(oldest.idleSince - expired);
        break;
      }
      this.#idle.shift();
      this.#quit(oldest);
    }
    this.serve();
  }

  /** A relay that closes an idle connection frees its place at once. */
  #dropUnusable(): void {
    for (const connection of this.#idle.splice(0)) {
      if (connection.session.usable) this.#idle.push(connection);
    }
    this.serve();
  }

  #dropAborted(): void {
    this.#rejectWaiting(({ signal }) => signal?.aborted === true, givenUp());
    this.serve();
  }

  #rejectWaiting(isMeant: (caller: Caller) => boolean, error: SmtpConnectError): void {
    for (const caller of this.#waiting.splice(0)) {
      if (isMeant(caller)) {
        caller.signal?.removeEventListener('abort', caller.onAbort);
        caller.reject(error);
      } else {
        this.#waiting.push(caller);
      }
    }
  }
}

/** A signal that aborts with any of these, until it is disposed of. */
function anyOf(signals: readonly StopSignal[]): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort();
  for (const each of signals) {
    if (each.aborted) onAbort();
    each.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const each of signals) each.removeEventListener('abort', onAbort);
    },
  };
}
