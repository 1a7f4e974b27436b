// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { type DeliverySettings, engineConfigSchema } from '../config/engine-config.ts';
import { silentLog } from '../observability/log.ts';
import type { ClaimedMessage, LaneQuota } from '../queue/claim.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { byRank, rankOf } from '../queue/rank.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Dispatcher, type DispatcherServices } from './dispatcher.ts';
import { Flights } from './flights.ts';
import type { Lane, LaneSettings } from './lane.ts';
import type { AttemptEnd } from './run-attempt.ts';
import { SessionKeeper } from './session-keeper.ts';

/** The settings of a configuration that says only this. */
export function deliverySettings(delivery: v.InferInput<typeof engineConfigSchema>['delivery'] = {}): DeliverySettings {
  return v.parse(engineConfigSchema, { database: ':memory:', delivery }).delivery;
}

export function laneSettings(settings: Partial<LaneSettings> = {}): LaneSettings {
  return {
    capacity: 10,
    maxConnections: 1_000,
    weight: 1,
    tenantWeight: 1,
    limits: null,
    limitBehavior: 'defer',
    host: 'relay.test:25',
    ...settings,
  };
}

export function claimed(fields: Partial<ClaimedMessage> = {}): ClaimedMessage {
  const pk = fields.pk ?? 'message';
  return {
    pk,
    tenant_id: 'acme',
    id: pk,
    account_pk: 'account',
    owner_session: 0,
    priority: 2,
    rank: 0,
    eligible_at: 0,
    attempts: 0,
    batch_code: null,
    message_id: `<${pk}@example.org>`,
    expires_at: null,
    on_in_doubt: 'retry',
    units: 1,
    created_at: 0,
    ...fields,
  };
}

/** An account of a test: its lane's settings, its tenant, what keeps it from sending. */
export interface TestAccount extends LaneSettings {
  readonly pk: string;
  readonly tenantId: string;
  gates: readonly Gate[];
}

/** A dispatcher over a queue that is a list in memory, and relays that answer when the test says so. */
export class DispatchWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly flights = new Flights();
  /** Accounts of which other instances have all connections. */
  readonly withoutConnections = new Set<string>();
  /** Tell the dispatcher that a lane got connections. */
  gotConnections: (accountPk: string) => void = () => undefined;
  readonly dispatcher: Dispatcher;
  readonly settings: DeliverySettings;
  /** What was claimed, claim by claim. */
  readonly claims: (readonly LaneQuota[])[] = [];
  /** In the order in which the sending began. */
  readonly started: ClaimedMessage[] = [];
  readonly released: string[] = [];
  readonly rejected: string[] = [];
  readonly limited: string[] = [];
  /** Accounts with a pause, and when it is over. */
  readonly pauses = new Map<string, number>();
  isPaused = false;
  /** The most that a claim with limits gives; null for no limit. */
  quota: number | null = null;
  /** What was claimed is in the dispatcher's hands only then. */
  claimAnswer: Promise<void> | null = null;
  /** Thrown by the next claim. */
  claimError: Error | null = null;
  readonly #accounts = new Map<string, TestAccount>();
  readonly #ready: ClaimedMessage[] = [];
  readonly #leased = new Map<string, ClaimedMessage>();
  readonly #running = new Map<string, (end: AttemptEnd) => void>();
  readonly #stop = new AbortController();
  readonly #hard = new AbortController();
  readonly #done: Promise<void>;
  #made = 0;

  constructor(delivery: v.InferInput<typeof engineConfigSchema>['delivery'] = {}) {
    this.settings = deliverySettings(delivery);
    this.dispatcher = new Dispatcher({
      clock: this.clock,
      log: silentLog,
      keeper: this.#keeper(),
      claim: async (lanes, { immediateOnly }) => {
        const messages = this.#claim(lanes, immediateOnly);
        if (messages.some((of) => of.length > 0) && this.claimAnswer !== null) await this.claimAnswer;
        return messages;
      },
      takeBack: async () => undefined,
      release: async (messages) => {
        for (const { pk } of messages) this.#giveBack(pk);
      },
      findLanes: async () => [...new Set(this.#ready.map(({ account_pk }) => account_pk))].map((pk) => this.#keyOf(pk)),
      promotion: { promote: async () => [], nextDueAt: async () => null },
      laneSettings: async (pk) => this.account(pk),
      readGates: async ({ accountPk }) => this.#gatesOf(accountPk),
      pauses: {
        list: async () => [...this.pauses.keys()].map((accountPk) => ({ accountPk, isByHand: false })),
        takeProbe: async (pk, now, until) => {
          if ((this.pauses.get(pk) ?? Number.POSITIVE_INFINITY) > now) return false;
          this.pauses.set(pk, until);
          return true;
        },
      },
      isPaused: async () => this.isPaused,
      isBatchSuspended: async () => false,
      flights: this.flights,
      budget: this.#budget(),
      attempt: (message) => this.#attempt(message),
      reject: async ({ pk }) => void this.rejected.push(pk),
      tellPeers: () => undefined,
      onPreparing: () => undefined,
      wasLimited: ({ pk }) => void this.limited.push(pk),
      settings: this.settings,
    });
    this.#done = this.dispatcher.run(this.#stop.signal, this.#hard.signal);
  }

  /** Names of those that are being sent. */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Names of those that wait in the queue. */
  get waiting(): readonly string[] {
    return this.#ready.map(({ pk }) => pk);
  }

  addAccount(pk: string, settings: Partial<LaneSettings> & { readonly tenantId?: string } = {}): TestAccount {
    const account = { ...laneSettings(settings), pk, tenantId: settings.tenantId ?? pk, gates: [] };
    this.#accounts.set(pk, account);
    return account;
  }

  account(pk: string): TestAccount {
    const account = this.#accounts.get(pk);
    if (account === undefined) throw new Error(`no account ${pk}`);
    return account;
  }

  /** Accept messages of an account; they are named by the account and a number. */
  accept(
    accountPk: string,
    count: number,
    { priority = 2, tells = 'arrived' }: { readonly priority?: number; readonly tells?: 'arrived' | 'expects' } = {},
  ): void {
    const now = this.clock.now();
    for (let n = 0; n < count; n++) {
      this.#made += 1;
      const { tenantId } = this.account(accountPk);
      const pk = `${accountPk}-${String(this.#made).padStart(6, '0')}`;
      const rank = rankOf(now, priority, this.settings.priorityStepMs);
      this.#ready.push(
        claimed({ pk, tenant_id: tenantId, account_pk: accountPk, priority, rank, eligible_at: now, created_at: now }),
      );
    }
    this.#ready.sort(byRank);
    this.dispatcher[tells](this.#keyOf(accountPk), priority === 0);
  }

  /** Let the relay answer for a message. */
  async end(pk: string, end: AttemptEnd = 'settled'): Promise<void> {
    const finish = this.#running.get(pk);
    if (finish === undefined) throw new Error(`${pk} is not being sent`);
    this.#running.delete(pk);
    finish(end);
    await this.idle();
  }

  /** Let the oldest message end that runs, again and again. */
  endOldest(times: number): Promise<void> {
    return this.endOldestOf('', times);
  }

  /** The same among the messages of the accounts whose names begin so. */
  async endOldestOf(accounts: string, times: number): Promise<void> {
    await this.idle();
    for (let n = 0; n < times; n++) {
      const oldest = this.running.find((pk) => pk.startsWith(accounts));
      if (oldest === undefined) throw new Error(`nothing is being sent after ${n} ends`);
      await this.end(oldest);
    }
  }

  /** Resolves when the dispatcher has done what it can do now. */
  idle(): Promise<void> {
    return this.clock.advance(0);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    // What runs ends well, and only then is the rest broken off.
    for (const finish of this.#running.values()) finish('settled');
    this.#running.clear();
    this.#hard.abort();
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #budget(): DispatcherServices['budget'] {
    const waiting = new Map<string, Lane>();
    return {
      firstShare: Number.POSITIVE_INFINITY,
      secure: async (lanes) => {
        const without = lanes.filter(({ accountPk }) => this.withoutConnections.has(accountPk));
        for (const lane of without) waiting.set(lane.accountPk, lane);
        return without;
      },
      onMore: (listener) => {
        this.gotConnections = (accountPk) => {
          this.withoutConnections.delete(accountPk);
          const lane = waiting.get(accountPk);
          if (lane !== undefined) listener(lane);
        };
      },
    };
  }

  #keeper(): SessionKeeper {
    return new SessionKeeper({
      sessions: {
        start: async () => 1,
        heartbeat: async () => undefined,
        touch: async () => undefined,
        findDead: async () => [],
        end: async () => undefined,
        rescue: async () => [],
      },
      clock: this.clock,
      syncClock: async () => undefined,
      machineTime: () => this.clock.now(),
      log: silentLog,
      instance: 'here',
      leaseMs: 60_000,
      isExclusive: true,
      onRescued: () => undefined,
    });
  }

  #keyOf(accountPk: string): { readonly accountPk: string; readonly tenantId: string } {
    return { accountPk, tenantId: this.account(accountPk).tenantId };
  }

  #gatesOf(pk: string): readonly Gate[] {
    const { gates } = this.account(pk);
    const until = this.pauses.get(pk) ?? 0;
    if (until <= this.clock.now()) return gates;
    const reason = { stage: 'auth', code: 535, enhanced: null, reply: 'no' };
    return [...gates, { kind: 'account_paused', scope: 'account', until, reason }];
  }

  #claim(lanes: readonly LaneQuota[], immediateOnly: boolean): readonly ClaimedMessage[][] {
    this.claims.push(lanes);
    const { claimError } = this;
    this.claimError = null;
    if (claimError !== null) throw claimError;
    return lanes.map(({ accountPk, quota, limits, probe = false }) => {
      const isClosed = this.account(accountPk).gates.some(({ kind }) => kind !== 'rate_limited');
      if (isClosed || (this.pauses.has(accountPk) && !probe)) return [];
      const taken = this.#ready
        .filter(({ account_pk, rank }) => account_pk === accountPk && (!immediateOnly || rank < 0))
        .slice(0, limits === null ? quota : Math.min(quota, this.quota ?? quota));
      for (const message of taken) this.#ready.splice(this.#ready.indexOf(message), 1);
      for (const message of taken) this.#leased.set(message.pk, message);
      return taken;
    });
  }

  #giveBack(pk: string): void {
    this.released.push(pk);
    const message = this.#leased.get(pk);
    if (message === undefined) throw new Error(`${pk} was not claimed`);
    this.#leased.delete(pk);
    this.#ready.push(message);
    this.#ready.sort(byRank);
  }

  #attempt(message: ClaimedMessage): Promise<AttemptEnd> {
    this.started.push(message);
    const { promise, resolve } = Promise.withResolvers<AttemptEnd>();
    this.#running.set(message.pk, resolve);
    this.flights.signal(message)?.addEventListener('abort', () => {
      if (this.#running.delete(message.pk)) resolve('unsent');
    });
    return promise;
  }
}

/** How often each account began to send. */
export function startsOf(started: readonly ClaimedMessage[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { account_pk } of started) counts[account_pk] = (counts[account_pk] ?? 0) + 1;
  return counts;
}
