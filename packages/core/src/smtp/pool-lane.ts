// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { Deadline } from './deadline.ts';
import type { PooledSession, PoolLimits, PoolStats } from './pool.types.ts';
import type { OpenSessionOptions } from './session.ts';
import { SmtpConnectError, type SmtpRelay, type SmtpSession } from './session.types.ts';
import { TrustStore } from './trust-store.ts';

export type OpenSession = (relay: SmtpRelay, options: OpenSessionOptions) => Promise<SmtpSession>;

/** A connection of the pool. */
interface Connection {
  readonly session: SmtpSession;
  readonly openedAt: number;
  /** Which `retire` it was opened after. */
  readonly generation: number;
  idleSince: number;
}

/** Somebody who asked for a session. */
interface Caller {
  readonly relay: SmtpRelay;
  readonly limits: PoolLimits;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (session: PooledSession) => void;
  readonly reject: (error: unknown) => void;
  /** A listener of its own: callers that share a signal must each be able to stop listening. */
  readonly onAbort: () => void;
}

/** The connections of one key, and who waits for one. */
export class PoolLane {
  readonly #clock: Clock;
  readonly #open: OpenSession;
  /** Told when the lane holds nothing more. */
  readonly #onEmpty: () => void;
  readonly #waiting: Caller[] = [];
  /** The last one was used last. */
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #closing = new Set<Connection>();
  readonly #idleDeadline: Deadline;
  readonly #closed = new AbortController();
  readonly #trust = new TrustStore();
  #opening = 0;
  #generation = 0;
  #idleMs = 0;

  constructor(clock: Clock, open: OpenSession, onEmpty: () => void) {
    this.#clock = clock;
    this.#open = open;
    this.#onEmpty = onEmpty;
    this.#idleDeadline = new Deadline(clock, () => this.#closeExpired());
  }

  get stats(): PoolStats {
    return {
      busy: this.#busy.size,
      idle: this.#idle.length,
      opening: this.#opening,
      closing: this.#closing.size,
      waiting: this.#waiting.length,
    };
  }

  acquire(relay: SmtpRelay, limits: PoolLimits, signal?: AbortSignal): Promise<PooledSession> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(givenUp());
        return;
      }
      // Whoever waits already comes first; a caller joins the line even if it is served at once.
      const onAbort = (): void => this.#dropAborted();
      this.#waiting.push({ relay, limits, signal, resolve, reject, onAbort });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#serve();
    });
  }

  retire(): void {
    this.#generation += 1;
    for (const connection of this.#idle.splice(0)) this.#quit(connection);
    this.#serve();
  }

  /** Lend nothing more; what is busy closes when it is released. */
  close(): void {
    this.#closed.abort();
    for (const caller of this.#waiting.splice(0)) caller.reject(givenUp());
    this.retire();
  }

  /** Cut everything that is still open, and forget it, whether or not its borrower gives it back. */
  destroy(): void {
    const all = [...this.#idle.splice(0), ...this.#busy, ...this.#closing];
    this.#busy.clear();
    this.#closing.clear();
    for (const { session } of all) session.destroy();
    this.#serve();
  }

  /** Give sessions to callers, first come first served, as long as there is one to give. */
  #serve(): void {
    for (let caller = this.#waiting[0]; caller !== undefined; caller = this.#waiting[0]) {
      const connection = this.#takeIdle(caller.limits);
      if (connection === null && this.#size >= Math.max(1, caller.limits.maxConnections)) break;
      this.#waiting.shift();
      caller.signal?.removeEventListener('abort', caller.onAbort);
      if (connection === null) void this.#openFor(caller);
      else caller.resolve(this.#lend(connection, caller.limits, true));
    }
    if (this.#size === 0 && this.#waiting.length === 0) {
      this.#idleDeadline[Symbol.dispose]();
      this.#onEmpty();
    }
  }

  get #size(): number {
    return this.#busy.size + this.#idle.length + this.#opening + this.#closing.size;
  }

  #takeIdle(limits: PoolLimits): Connection | null {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (this.#isGood(connection, limits)) return connection;
      this.#quit(connection);
    }
    return null;
  }

  #isGood({ session, openedAt, generation }: Connection, limits: PoolLimits): boolean {
    return (
      session.usable &&
      generation === this.#generation &&
      session.transactions < limits.maxTransactionsPerConnection &&
      this.#clock.monotonic() - openedAt < limits.maxAgeMs
    );
  }

  async #openFor(caller: Caller): Promise<void> {
    const { relay, limits, signal } = caller;
    const generation = this.#generation;
    const signals = signal === undefined ? [this.#closed.signal] : [this.#closed.signal, signal];
    this.#opening += 1;
    try {
      const session = await this.#open(relay, {
        clock: this.#clock,
        trust: this.#trust,
        signal: AbortSignal.any(signals),
        onUnusable: () => this.#dropUnusable(),
      });
      const connection: Connection = { session, openedAt: this.#clock.monotonic(), generation, idleSince: 0 };
      this.#opening -= 1;
      if (signals.some((each) => each.aborted)) {
        // Opened all the same: of use to the next caller, not to this one.
        caller.reject(givenUp());
        this.#takeBack(connection, limits);
      } else {
        caller.resolve(this.#lend(connection, limits, false));
      }
    } catch (error) {
      this.#opening -= 1;
      caller.reject(error);
      this.#serve();
    }
  }

  #lend(connection: Connection, limits: PoolLimits, reused: boolean): PooledSession {
    this.#busy.add(connection);
    const release = () => {
      if (this.#busy.delete(connection)) this.#takeBack(connection, limits);
    };
    return { session: connection.session, reused, release, [Symbol.dispose]: release };
  }

  #takeBack(connection: Connection, limits: PoolLimits): void {
    if (this.#isGood(connection, limits)) {
      connection.idleSince = this.#clock.monotonic();
      this.#idleMs = limits.idleMs;
      if (this.#idle.push(connection) === 1) this.#idleDeadline.set(limits.idleMs);
    } else {
      this.#quit(connection);
    }
    this.#serve();
  }

  #quit(connection: Connection): void {
    if (!connection.session.usable) {
      connection.session.destroy();
      return;
    }
    this.#closing.add(connection);
    void connection.session.quit().finally(() => {
      this.#closing.delete(connection);
      this.#serve();
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
    this.#serve();
  }

  /** A relay that closes an idle connection frees its place at once. */
  #dropUnusable(): void {
    for (const connection of this.#idle.splice(0)) {
      if (connection.session.usable) this.#idle.push(connection);
    }
    this.#serve();
  }

  #dropAborted(): void {
    for (const caller of this.#waiting.splice(0)) {
      if (caller.signal?.aborted) caller.reject(givenUp());
      else this.#waiting.push(caller);
    }
    this.#serve();
  }
}

function givenUp(): SmtpConnectError {
  return new SmtpConnectError({ kind: 'aborted', stage: 'connect', text: 'given up' });
}
