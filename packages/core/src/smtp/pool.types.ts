// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StopSignal } from '../stop-signal.ts';
import type { SmtpRelay, SmtpSession } from './session.types.ts';

/** Read each time something is decided by them, so that getters may tell what has changed meanwhile. */
export interface PoolLimits {
  /** Connections of one key at the same time, those that are opening or closing counted in; at least 1. */
  readonly maxConnections: number;
  /** Transactions after which a connection is closed instead of kept. */
  readonly maxTransactionsPerConnection: number;
  /** Age in milliseconds after which a connection is closed instead of kept. */
  readonly maxAgeMs: number;
  /** Milliseconds without use after which a connection is closed; below the relay's own limit, mostly 5 min. */
  readonly idleMs: number;
  /** May open the connections that the pool reserves; the same for all callers of a key. @defaultValue false */
  readonly isUrgent?: boolean;
  /** Stands in line before those of its key that do not. @defaultValue false */
  readonly goesFirst?: boolean;
  /**
   * The urgent key that one more connection is kept for. While the relay is quick to reply and that key has none, its place
   * may be taken. @defaultValue none
   */
  readonly keptFor?: string | undefined;
  /** Of an urgent key: who may have taken its place, and stands behind it in line then. @defaultValue nobody */
  readonly lentTo?: { readonly key: string; readonly maxConnections: number };
  /** A message that holds its connection for long: of more than `maxConnections` it leaves one to others. @defaultValue false */
  readonly isLong?: boolean;
}

/** A session on loan. */
export interface PooledSession extends Disposable {
  readonly session: SmtpSession;
  /** It was opened for an earlier loan, so the relay may have closed it since. */
  readonly reused: boolean;
  /**
   * Let one more caller have it as well, the next in line or the next that comes: the message is written to its final dot,
   * and what is sent next goes behind it. Nobody gets it where the relay takes long for its replies.
   *
   * @returns whether somebody got it, or would on asking
   */
  passOn(): boolean;
  /** Give it back: it is kept if it is usable and within the limits. Only the first call counts; disposing is the same. */
  release(): void;
}

/** The right to have one more connection open than the pool itself has, within the same limits. */
export interface HeldPlace extends Disposable {
  /** Aborts when the pool closes: the place is to be given back at once. */
  readonly signal: AbortSignal;
}

/** Connections of one key, by what they do. */
export interface PoolStats {
  /** Lent, or a place held for a connection that the pool does not open. */
  readonly busy: number;
  readonly idle: number;
  readonly opening: number;
  /** Saying QUIT; they still count against `maxConnections`. */
  readonly closing: number;
  /** Callers in line. */
  readonly waiting: number;
}

/** Connections to relays, kept between messages. Keys share nothing: a relay that hangs holds up its own key only. */
export interface SmtpPool extends AsyncDisposable {
  /**
   * Borrow a session: the one that was idle for the shortest time, else a new one, else the first that becomes free, in
   * the order of asking, those that go first before the others.
   *
   * @param key - Whose connections: everything with the same key must have the same relay settings and credentials, so
   * put their version into it.
   * @param signal - Gives up waiting and opening; it has no effect on a session once lent.
   * @throws SmtpConnectError where the session cannot be opened; kind `aborted` by `signal` or because the pool closes.
   */
  acquire(key: string, relay: SmtpRelay, limits: PoolLimits, signal?: StopSignal): Promise<PooledSession>;
  /**
   * Wait for a place for a connection of this key that the caller opens, and give it back by disposing of it. Goes before
   * those who wait for a session; idle connections are closed to make room.
   *
   * @throws SmtpConnectError of kind `aborted` by `signal` or because the pool closes
   */
  reserve(
    key: string,
    relay: SmtpRelay,
    limits: Pick<PoolLimits, 'maxConnections'>,
    signal?: AbortSignal,
  ): Promise<HeldPlace>;
  /** Keep no connection of this key that is open or opening now: the idle ones close at once, the others when released. */
  retire(key: string): void;
  /** Lend nothing more, QUIT what is idle or comes back, cut what is left after `graceMs`. Resolves when all are closed. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  /** Keys without connections and callers are absent. */
  stats(): ReadonlyMap<string, PoolStats>;
}
