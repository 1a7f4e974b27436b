// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StopSignal } from '../stop-signal.ts';
import { givenUp } from './opening-errors.ts';
import type { PooledSession, PoolLimits, SmtpPool } from './pool.types.ts';
import { type OpenSession, PoolLane } from './pool-lane.ts';
import { PoolSlots } from './pool-slots.ts';
import type { SmtpFaultRecord } from './reply.ts';
import { openSession } from './session.ts';
import type { RecipientReply, SmtpRelay } from './session.types.ts';

export type { PooledSession, PoolLimits, SmtpPool };

/** What disposing of a pool allows for QUIT; nobody should wait long for politeness. */
const DISPOSE_GRACE_MS = 1_000;

export interface SmtpPoolOptions {
  readonly clock: Clock;
  /** @defaultValue {@link openSession} */
  readonly open?: OpenSession;
  /** Connections of all keys together, those that are opening or closing counted in. @defaultValue no limit */
  readonly maxConnections?: number;
  /** The same to one host and port. @defaultValue no limit */
  readonly maxConnectionsPerHost?: number;
  /** Of each of these two, connections that only urgent keys may open. @defaultValue 0 */
  readonly reserved?: number;
}

/** Create a pool of SMTP sessions; it opens connections when they are asked for. */
export function createSmtpPool(options: SmtpPoolOptions): SmtpPool {
  const { clock, open = openSession, maxConnections = Infinity, maxConnectionsPerHost = Infinity } = options;
  const { reserved = 0 } = options;
  const slots = new PoolSlots({
    maxConnections: Math.max(1, maxConnections),
    maxConnectionsPerHost: Math.max(1, maxConnectionsPerHost),
    reserved,
  });
  const lanes = new Map<string, PoolLane>();
  let onAllClosed: (() => void) | null = null;
  let closing: Promise<void> | null = null;

  const laneOf = (key: string, relay: SmtpRelay, isUrgent: boolean): PoolLane => {
    const existing = lanes.get(key);
    if (existing !== undefined) return existing;
    const onEmpty = (): void => {
      // A lane may report late, when another one has taken its place.
      if (lanes.get(key) === lane) lanes.delete(key);
      if (lanes.size === 0) onAllClosed?.();
    };
    const isUnused = (other: string): boolean => !lanes.has(other);
    const lane: PoolLane = new PoolLane(relay, { clock, open, slots, isUrgent, onEmpty, isUnused });
    lanes.set(key, lane);
    return lane;
  };

  const acquire: SmtpPool['acquire'] = (key, relay, limits, signal) => {
    const { lentTo, isUrgent = false } = limits;
    const borrower = lentTo && lanes.get(lentTo.key);
    const isLent = lentTo !== undefined && borrower !== undefined && borrower.size > lentTo.maxConnections;
    if (!isLent) return laneOf(key, relay, isUrgent).acquire(relay, limits, signal);
    return borrower.acquire(relay, new BorrowersLimits(limits, lentTo), signal);
  };

  const closeAll = async (graceMs: number): Promise<void> => {
    const allClosed = new Promise<void>((resolve) => (onAllClosed = resolve));
    const current = [...lanes.values()];
    for (const lane of current) lane.close();
    const cut = () => {
      for (const lane of current) lane.destroy();
    };
    if (graceMs <= 0) cut();
    if (lanes.size === 0) return;
    using _ = clock.after(graceMs, cut);
    await allClosed;
  };

  const close = ({ graceMs }: { readonly graceMs?: number } = {}): Promise<void> => {
    closing ??= closeAll(graceMs ?? DISPOSE_GRACE_MS);
    return closing;
  };

  return {
    acquire: (key: string, relay: SmtpRelay, limits: PoolLimits, signal?: StopSignal) =>
      closing === null ? acquire(key, relay, limits, signal) : Promise.reject(givenUp('the pool is closed')),
    reserve: (key, relay, limits, signal) =>
      closing === null
        ? laneOf(key, relay, false).reserve(limits, signal)
        : Promise.reject(givenUp('the pool is closed')),
    retire: (key) => lanes.get(key)?.retire(),
    stats: () => new Map([...lanes].map(([key, lane]) => [key, lane.stats])),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Of who stands in line for the connections of another key. */
class BorrowersLimits implements PoolLimits {
  readonly maxTransactionsPerConnection: number;
  readonly maxAgeMs: number;
  readonly idleMs: number;
  readonly goesFirst: boolean;
  readonly #lentTo: { readonly maxConnections: number };

  constructor(limits: PoolLimits, lentTo: { readonly maxConnections: number }) {
    this.maxTransactionsPerConnection = limits.maxTransactionsPerConnection;
    this.maxAgeMs = limits.maxAgeMs;
    this.idleMs = limits.idleMs;
    this.goesFirst = limits.goesFirst === true;
    this.#lentTo = lentTo;
  }

  get maxConnections(): number {
    return this.#lentTo.maxConnections;
  }
}

/** How a connection ends that the relay has given up while it was idle. */
const STALE_KINDS: ReadonlySet<SmtpFaultRecord['kind']> = new Set(['closed', 'reset', 'protocol']);

/**
 * Whether a transaction failed only because its reused connection was dead already: nothing was sent that counts, no
 * recipient was judged, and the relay said nothing but 421. The caller then releases the session, acquires another and
 * sends again at once, without counting an attempt:
 *
 * - Do so at most `maxConnections` times for a message, or until `reused` is false; that answer is a real one.
 * - A timeout is not stale: the relay may be in trouble, and the message has waited long enough to be deferred.
 * - `mayMail` is asked again, since the deadline goes on.
 */
export function isStaleConnection(
  replies: readonly RecipientReply[],
  { reused }: Pick<PooledSession, 'reused'>,
): boolean {
  return reused && replies.every(isStale);
}

function isStale(reply: RecipientReply): boolean {
  switch (reply.status) {
    case 'accepted':
      return false;
    case 'refused':
      return reply.reply.code === 421 && (reply.stage === 'rset' || reply.stage === 'mail');
    case 'broken':
      return (
        !reply.doubt &&
        STALE_KINDS.has(reply.fault.kind) &&
        (reply.fault.stage === 'rset' || reply.fault.stage === 'mail')
      );
    default:
      return reply satisfies never;
  }
}
