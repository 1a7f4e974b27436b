// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { AccountHealth } from '../delivery/account-health.ts';
import { settlementOfRejection } from '../delivery/deliver.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { createExplain, type Explain } from '../delivery/explain.ts';
import { Flights } from '../delivery/flights.ts';
import { giveBack } from '../delivery/give-back.ts';
import { Housekeeping } from '../delivery/housekeeping.ts';
import type { LaneSettings } from '../delivery/lane.ts';
import { relayOf } from '../delivery/relay.ts';
import { type AttemptServices, runAttempt, writeOutcome } from '../delivery/run-attempt.ts';
import { SessionKeeper } from '../delivery/session-keeper.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { LimitReached } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { Log } from '../observability/log.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { type LaneKey, lanesOf } from '../queue/lanes.ts';
import { limitsOf } from '../queue/rate-limits.ts';
import type { Settlement } from '../queue/settle.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import { type RelayVerification, verifyRelay } from '../smtp/verify-relay.ts';
import type { Stores } from './stores.ts';

export interface DeliverySideParts {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hooks: CombinedHooks;
  /** Aborts when what still waits for the database has to give up. */
  readonly cut: AbortSignal;
  readonly onSettled: (message: ClaimedMessage, settlement: Settlement) => void;
  /** A claimed message had waited for a rate limit, or was rejected for it. */
  readonly onLimited: (message: ClaimedMessage, isRejected: boolean) => void;
  /** Events of this tenant, or of any, were written beside settlements. */
  readonly onTold: (tenantId?: string) => void;
}

/** The parts that deliver, wired to each other. */
export interface DeliverySide {
  readonly keeper: SessionKeeper;
  readonly dispatcher: Dispatcher;
  readonly housekeeping: Housekeeping;
  readonly pool: SmtpPool;
  readonly flights: Flights;
  readonly health: AccountHealth;
  readonly explain: Explain;
  /** The rate limit that keeps an account from sending now; null where none does. */
  readonly limitGate: (accountPk: string) => Promise<LimitReached | null>;
  /** Try out an account's relay without sending mail. */
  readonly verify: (accountPk: string) => Promise<RelayVerification>;
}

/** A message that waits for a connection, or for the commit of its outcome, leaves the connections to others. */
const RUNNING_PER_CONNECTION = 2;

export function createDeliverySide(parts: DeliverySideParts): DeliverySide {
  const { config, database, stores, clock, random, log, hooks, onTold } = parts;
  const settings = config.delivery;
  const { accounts } = stores;
  const { maxConnections, maxConnectionsPerHost } = settings;
  const pool = createSmtpPool({ clock, maxConnections, maxConnectionsPerHost });
  const tokens = createOAuthTokens({ clock });
  const flights = new Flights();
  const keeper = new SessionKeeper({
    sessions: stores.sessions,
    clock,
    log,
    instance: config.instanceName,
    leaseMs: settings.leaseMs,
    isExclusive: database.dialect.isExclusive,
    onRescued: (messages) => {
      for (const lane of lanesOf(messages.filter(({ isReady }) => isReady))) dispatcher.arrived(lane, true);
      onTold();
    },
  });
  const health = new AccountHealth({
    clock,
    log,
    pauses: stores.accountPauses,
    settings,
    onPaused: async ({ pk, tenantId }) => {
      onTold(tenantId);
      await dispatcher.accountPaused(pk);
    },
    onResumed: async ({ pk, tenantId }) => {
      onTold(tenantId);
      await dispatcher.accountResumed(pk);
    },
  });
  const readGates = async (lane: LaneKey, now: number): Promise<readonly Gate[]> =>
    stores.laneGates.read({ ...lane, limits: limitsOf(limitsOfRow(await accounts.relayRow(lane.accountPk))) }, now);
  const attemptServices: AttemptServices = {
    clock,
    random,
    log,
    keeper,
    pool,
    tokens,
    flights,
    hooks,
    load: stores.load,
    accounts,
    signingKeys: (tenantId, accountPk, domain) => stores.dkimKeys.signingKeys(tenantId, accountPk, domain),
    settle: stores.settle,
    marks: stores.marks,
    settings,
    policy: config.retry,
    accountTrouble: (account, reason) => health.failed(account, reason),
    accountWell(account) {
      dispatcher.pathTried(account.pk, true);
      if (!dispatcher.isOnProbe(account.pk)) return;
      health.works(account).catch((error: unknown) => {
        log.warn({ accountPk: account.pk, err: error }, 'the pause of an account that works could not be ended');
      });
    },
    slowDown: ({ pk }) => dispatcher.slowDown(pk),
    onSettled: (message, settlement) => {
      if (failedOnTheWay(settlement)) dispatcher.pathTried(message.account_pk, false);
      parts.onSettled(message, settlement);
    },
  };
  const dispatcher = new Dispatcher({
    clock,
    log,
    keeper,
    claim: stores.claim,
    release: stores.release,
    takeBack: stores.takeBack,
    findLanes: stores.findLanes,
    promotion: stores.promotion,
    settings,
    flights,
    readGates,
    pauses: stores.accountPauses,
    isPaused: async () => (await stores.instances.get()).paused_at !== null,
    laneSettings: async (pk) => laneSettingsOf(await accounts.relayRow(pk)),
    attempt: (message, signal) => runAttempt(message, attemptServices, signal),
    async reject(message) {
      let settlement: Settlement;
      try {
        settlement = await settlementOfRejection(message, attemptServices);
      } catch (error) {
        await giveBack([message], { release: stores.release, clock, log }, parts.cut);
        throw error;
      }
      parts.onLimited(message, true);
      if (await writeOutcome(settlement, attemptServices)) parts.onSettled(message, settlement);
    },
    wasLimited: (message) => parts.onLimited(message, false),
  });
  const housekeeping = new Housekeeping({
    clock,
    log,
    settings,
    expire: stores.expire,
    sweepBatches: (now) => stores.batches.sweep(now),
    forgetUses: stores.forgetUses,
    onExpired: onTold,
    onReady: (lane) => dispatcher.arrived(lane, true),
  });
  const explain = createExplain({
    clock,
    readGates,
    position: (message) => stores.messages.position(message),
    isBatchSuspended: (tenantId, batchCode) => stores.batches.isSuspended({ tenantId, batchCode }),
  });
  return {
    keeper,
    dispatcher,
    housekeeping,
    pool,
    flights,
    health,
    explain,
    async limitGate(accountPk) {
      const { tenantId } = await accounts.relayRow(accountPk);
      const gates = await readGates({ accountPk, tenantId }, clock.now());
      return gates.find((gate) => gate.kind === 'rate_limited') ?? null;
    },
    verify: async (pk) => verifyRelay(relayOf(await accounts.relayRow(pk), settings, tokens), { clock }),
  };
}

function laneSettingsOf(row: AccountRelayRow): LaneSettings {
  return {
    capacity: RUNNING_PER_CONNECTION * row.maxConnections,
    weight: row.weight,
    tenantWeight: row.tenant.weight,
    limits: limitsOf(limitsOfRow(row)),
    limitBehavior: row.limitBehavior,
    host: `${row.host.toLowerCase()}:${row.port}`,
  };
}

function limitsOfRow(row: AccountRelayRow) {
  return { account: row.limits, tenant: row.tenant.limits };
}

/** Nobody was served or refused: the relay could not be reached, or broke off. */
function failedOnTheWay({ recipients }: Settlement): boolean {
  return recipients.length > 0 && recipients.every(({ state, verdict }) => state === 'pending' && verdict === 'path');
}
