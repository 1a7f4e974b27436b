// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { ConnectionShares } from '../queue/connection-shares.ts';
import type { PoolStats, SmtpPool } from '../smtp/pool.types.ts';
import { WakeUp } from '../wake-up.ts';
import type { Lane } from './lane.ts';

export interface ConnectionBudgetServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly keeper: { readonly number: number };
  readonly leaseMs: number;
  /** Null where no other instance can open connections. */
  readonly shares: ConnectionShares | null;
  readonly pool: Pick<SmtpPool, 'stats' | 'retire'>;
  /** Tell other instances that connections of an account are wanted, or were given up. */
  readonly tellPeers: (accountPk: string, isWanted: boolean) => void;
}

/** What one look at the shares goes by. */
interface Seen {
  /** Those that send mail, this one counted in; 1 where nobody wants anything. */
  readonly instances: number;
  /** Connections by account. */
  readonly open: ReadonlyMap<string, number>;
}

/** How often shares are compared with what is used. */
const LOOK_MS = 1_000;
/** The same while connections are on their way to another instance. */
const LOOK_SOON_MS = 20;
/** Another instance that wants connections says so again in this time. */
const WANTED_MS = 10_000;

/**
 * This instance's part of the connections that an account's `max_connections` allows all instances together. It takes
 * what the others leave, gives up what it does not use, and shrinks to an even part once another instance asks. The
 * database holds the shares, so that they never add up to more; see queue/connection-shares.ts.
 */
export class ConnectionBudget {
  readonly #s: ConnectionBudgetServices;
  /** Shares by account. What the database holds is no less than what the lane may use. */
  readonly #held = new Map<string, { readonly lane: Lane; readonly recorded: number }>();
  /** Lanes for which others have all connections. */
  readonly #waiting = new Map<string, Lane>();
  /** Accounts of which another instance wants connections, and until when it is believed; monotonic milliseconds. */
  readonly #wantedUntil = new Map<string, number>();
  /** The session that holds the shares. */
  #session = 0;
  #onMore: (lane: Lane) => void = () => undefined;
  readonly #lookNow: WakeUp;

  constructor(services: ConnectionBudgetServices) {
    this.#s = services;
    this.#lookNow = new WakeUp(services.clock);
  }

  /** What a lane begins with. */
  get firstShare(): number {
    return this.#s.shares === null ? Number.POSITIVE_INFINITY : 0;
  }

  /** Connections that may be opened for an account that is being sent from. */
  shareOf(accountPk: string): number {
    if (this.#s.shares === null) return Number.POSITIVE_INFINITY;
    return Math.max(1, this.#held.get(accountPk)?.lane.share ?? 1);
  }

  /** Be told of lanes that waited for connections and have some. */
  onMore(listener: (lane: Lane) => void): void {
    this.#onMore = listener;
  }

  /** Get shares for lanes that have none; tells the lanes that got none, which wait for one from now on. */
  async secure(lanes: readonly Lane[]): Promise<readonly Lane[]> {
    if (this.#s.shares === null) return [];
    this.#startAnewWithSession();
    const lacking = lanes.filter(({ share }) => share === 0);
    if (lacking.length === 0) return [];
    // First of all: where the database cannot be asked now, it is asked again.
    for (const lane of lacking) this.#waiting.set(lane.accountPk, lane);
    await this.#take(this.#s.shares, lacking);
    const without = lacking.filter(({ share }) => share === 0);
    for (const { accountPk } of without) this.#s.tellPeers(accountPk, true);
    return without;
  }

  /** What another instance says of an account's connections. */
  async heard(accountPk: string, isWanted: boolean): Promise<void> {
    const { shares, clock } = this.#s;
    if (shares === null) return;
    if (isWanted) {
      this.#wantedUntil.set(accountPk, clock.monotonic() + WANTED_MS);
      if (this.#held.has(accountPk)) this.#lookNow.set();
    } else if (this.#waiting.has(accountPk)) {
      await this.#retry(shares);
    }
  }

  /** Keep the shares right until `signal` aborts; they end with the session. */
  async run(signal: AbortSignal): Promise<void> {
    const { shares, log } = this.#s;
    if (shares === null) return;
    while (!signal.aborted) {
      await this.#lookNow.wait(signal, this.#isGivingUp ? LOOK_SOON_MS : LOOK_MS);
      if (signal.aborted) return;
      try {
        this.#startAnewWithSession();
        await this.#look(shares);
        await this.#retry(shares);
      } catch (error) {
        if (isMailProxyError(error)) log.debug({ code: error.code }, 'the shares of connections wait');
        else log.error({ err: error }, 'looking after the shares of connections failed');
      }
    }
  }

  /** With its session an instance loses its shares: others may have taken them. */
  #startAnewWithSession(): void {
    const { keeper, pool } = this.#s;
    if (keeper.number === this.#session) return;
    this.#session = keeper.number;
    for (const { lane } of this.#held.values()) {
      lane.share = 0;
      this.#waiting.set(lane.accountPk, lane);
    }
    this.#held.clear();
    for (const key of pool.stats().keys()) pool.retire(key);
  }

  async #take(shares: ConnectionShares, lanes: readonly Lane[], atMost = Number.MAX_SAFE_INTEGER): Promise<void> {
    const { clock, leaseMs } = this.#s;
    const session = this.#session;
    const requests = lanes.map(({ accountPk, settings: { maxConnections } }) => ({
      accountPk,
      maxConnections,
      wanted: Math.min(maxConnections, atMost),
    }));
    const taken = await shares.take(requests, { session, aliveSince: clock.now() - leaseMs });
    if (session !== this.#session) return;
    for (const [index, lane] of lanes.entries()) {
      lane.share = taken[index] ?? 0;
      this.#remember(lane, lane.share);
      if (lane.share > 0) this.#waiting.delete(lane.accountPk);
      else this.#waiting.set(lane.accountPk, lane);
    }
  }

  /** Ask again for the lanes that wait. */
  async #retry(shares: ConnectionShares): Promise<void> {
    const lanes = [...this.#waiting.values()];
    if (lanes.length === 0) return;
    await this.#take(shares, lanes);
    for (const lane of lanes) {
      if (lane.share > 0) this.#onMore(lane);
      else this.#s.tellPeers(lane.accountPk, true);
    }
  }

  /** Compare all shares with what is used. Nothing is waited for between what is seen and what is made of it. */
  async #look(shares: ConnectionShares): Promise<void> {
    const isAnyWanted = [...this.#held.keys()].some((accountPk) => this.#isWanted(accountPk));
    const instances = isAnyWanted ? await this.#countInstances(shares) : 1;
    const open = this.#openConnections();
    await Promise.all([...this.#held.values()].map(({ lane }) => this.#adjust(shares, lane, { instances, open })));
  }

  /** Give up what is not used or belongs to another instance, and ask for more where all is used. */
  async #adjust(shares: ConnectionShares, lane: Lane, { instances, open }: Seen): Promise<void> {
    const { accountPk, settings } = lane;
    const connections = open.get(accountPk) ?? 0;
    const isWanted = this.#isWanted(accountPk);
    const isIdle = lane.running === 0 && lane.buffered.length === 0;
    // An even part, at least one.
    const fair = Math.max(1, Math.ceil(settings.maxConnections / (isWanted ? instances : 1)));
    const target = isIdle && (isWanted || connections === 0) ? 0 : fair;
    if (lane.share > target) {
      lane.share = target;
      // What is in use goes when its send ends; nothing is opened above the new share.
      this.#retire(accountPk);
    }
    const recorded = this.#held.get(accountPk)?.recorded ?? 0;
    if (recorded > lane.share && connections <= lane.share) {
      await this.#keep(shares, lane, recorded);
    } else if (lane.share > 0 && lane.share < fair && lane.running >= lane.capacity) {
      await this.#take(shares, [lane], fair);
      this.#onMore(lane);
    }
  }

  async #keep(shares: ConnectionShares, lane: Lane, recorded: number): Promise<void> {
    const { accountPk } = lane;
    const session = this.#session;
    // Before the write: who claims for the lane meanwhile asks anew, behind it.
    this.#remember(lane, lane.share);
    try {
      await shares.keep(accountPk, lane.share, session);
    } catch (error) {
      // They are ours for as long as the database says so: the next look gives them up again.
      const known = this.#held.get(accountPk)?.recorded ?? 0;
      if (session === this.#session) this.#remember(lane, Math.max(known, recorded));
      throw error;
    }
    this.#s.tellPeers(accountPk, false);
  }

  #remember(lane: Lane, recorded: number): void {
    if (recorded === 0) this.#held.delete(lane.accountPk);
    else this.#held.set(lane.accountPk, { lane, recorded });
  }

  async #countInstances(shares: ConnectionShares): Promise<number> {
    const { clock, leaseMs } = this.#s;
    return Math.max(1, await shares.countLiving(clock.now() - leaseMs));
  }

  /** Whether the database holds more than may be used, until the connections above are closed. */
  get #isGivingUp(): boolean {
    return [...this.#held.values()].some(({ lane, recorded }) => recorded > lane.share);
  }

  #isWanted(accountPk: string): boolean {
    const until = this.#wantedUntil.get(accountPk) ?? 0;
    if (until > this.#s.clock.monotonic()) return true;
    this.#wantedUntil.delete(accountPk);
    return false;
  }

  #retire(accountPk: string): void {
    const { pool } = this.#s;
    for (const key of pool.stats().keys()) if (accountOf(key) === accountPk) pool.retire(key);
  }

  #openConnections(): ReadonlyMap<string, number> {
    const open = new Map<string, number>();
    for (const [key, stats] of this.#s.pool.stats()) {
      const accountPk = accountOf(key);
      open.set(accountPk, (open.get(accountPk) ?? 0) + sizeOf(stats));
    }
    return open;
  }
}

/** Keys of the pool begin with the account; see relay.ts. */
function accountOf(key: string): string {
  return key.slice(0, key.indexOf(':'));
}

function sizeOf({ busy, idle, opening, closing }: PoolStats): number {
  return busy + idle + opening + closing;
}
