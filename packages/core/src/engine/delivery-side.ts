// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import type { SyncedClock } from '../database/database-clock.ts';
import { AccountHealth } from '../delivery/account-health.ts';
import { Arrivals } from '../delivery/arrivals.ts';
import type { BringAttachment } from '../delivery/bring-attachment.ts';
import { CapturedRoomKeeper } from '../delivery/captured-room.ts';
import { ConnectionBudget } from '../delivery/connection-budget.ts';
import { settlementOfRejection } from '../delivery/deliver.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { createExplain, type Explain } from '../delivery/explain.ts';
import { Flights } from '../delivery/flights.ts';
import { giveBack } from '../delivery/give-back.ts';
import { Housekeeping } from '../delivery/housekeeping.ts';
import { keptRefreshTokens } from '../delivery/kept-refresh-tokens.ts';
import { type LaneSettings, RUNNING_PER_CONNECTION } from '../delivery/lane.ts';
import { prepareMessage } from '../delivery/prepare-message.ts';
import { Preparer } from '../delivery/preparer.ts';
import { poolRequest, relayHost } from '../delivery/relay.ts';
import { type AttemptServices, runAttempt, writeOutcome } from '../delivery/run-attempt.ts';
import { SessionKeeper } from '../delivery/session-keeper.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { LimitReached } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { FindSuppressed } from '../entities/suppression/suppression-check.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { DeliveryTimes } from '../observability/delivery-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { Traces } from '../observability/traces.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { ExpiredMessage } from '../queue/expire.ts';
import type { Gate } from '../queue/lane-gates.ts';
import { type LaneKey, lanesOf } from '../queue/lanes.ts';
import { limitsOf } from '../queue/rate-limits.ts';
import type { Settlement } from '../queue/settle.ts';
import { periodMs } from '../retention.ts';
import { LockStepRelays } from '../smtp/lock-step-relays.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import type { OpenSession } from '../smtp/pool-lane.ts';
import { orSandbox, verifySandbox } from '../smtp/sandbox/open-sandbox.ts';
import { openSession } from '../smtp/session.ts';
import { type RelayVerification, verifyRelay } from '../smtp/verify-relay.ts';
import type { Notice } from './peer-notices.ts';
import type { Stores } from './stores.ts';

export interface DeliverySideParts {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly stores: Stores;
  /** The database's. */
  readonly clock: SyncedClock;
  /** The machine's own wall time, in milliseconds. */
  readonly machineTime: () => number;
  readonly random: Random;
  readonly log: Log;
  readonly traces: Pick<Traces, 'attempt'>;
  readonly http: OutgoingHttp;
  readonly hooks: CombinedHooks;
  /** Who is not to be written to. */
  readonly findSuppressed: FindSuppressed;
  readonly bring: BringAttachment;
  readonly sweepCache: (signal: AbortSignal) => Promise<void>;
  /** Aborts when what still waits for the database has to give up. */
  readonly cut: AbortSignal;
  readonly onSettled: (message: ClaimedMessage, settlement: Settlement) => void;
  /** A claimed message had waited for a rate limit, or was rejected for it. */
  readonly onLimited: (message: ClaimedMessage, isRejected: boolean) => void;
  readonly times: Pick<DeliveryTimes, 'waited' | 'stage'>;
  /** Messages were given up for their age. */
  readonly onExpired: (messages: readonly ExpiredMessage[]) => void;
  /** Events of this tenant, or of any, were written beside settlements. */
  readonly onTold: (tenantId?: string) => void;
  /** Tell other instances. */
  readonly tell: (notice: Notice) => void;
  /** Read the encryption keys anew, since one was met that is not at hand. */
  readonly readKeys: () => Promise<boolean>;
  /** @defaultValue over the network */
  readonly openSession?: OpenSession | undefined;
}

/** The parts that deliver, wired to each other. */
export interface DeliverySide {
  readonly keeper: SessionKeeper;
  readonly dispatcher: Dispatcher;
  readonly arrivals: Arrivals;
  readonly preparer: Preparer;
  readonly housekeeping: Housekeeping;
  readonly pool: SmtpPool;
  readonly flights: Flights;
  readonly health: AccountHealth;
  readonly budget: ConnectionBudget;
  readonly explain: Explain;
  /** What keeps a lane from sending now. */
  readonly readGates: (lane: LaneKey, now: number) => Promise<readonly Gate[]>;
  /** The rate limit that keeps an account from sending now; null where none does. */
  readonly limitGate: (accountPk: string) => Promise<LimitReached | null>;
  /** Try out an account's relay without sending mail. */
  readonly verify: (accountPk: string) => Promise<RelayVerification>;
}

export function createDeliverySide(parts: DeliverySideParts): DeliverySide {
  const { config, database, stores, clock, random, log, hooks, onTold, tell, times } = parts;
  const { delivery: settings, outgoing } = config;
  const { accounts } = stores;
  const { maxConnections, maxConnectionsPerHost } = settings;
  const open = orSandbox(parts.openSession ?? openSession);
  const pool = createSmtpPool({ clock, open, maxConnections, maxConnectionsPerHost, reserved: 1 });
  const tokens = createOAuthTokens({
    clock,
    http: parts.http,
    refreshTokens: keptRefreshTokens(stores.refreshTokens, log),
  });
  const flights = new Flights();
  const keeper = new SessionKeeper({
    sessions: stores.sessions,
    clock,
    syncClock: () => clock.sync(),
    machineTime: parts.machineTime,
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
      tell({ kind: 'accountPaused', accountPk: pk });
      await dispatcher.accountPaused(pk);
    },
    onStopped: async ({ pk, tenantId }) => {
      onTold(tenantId);
      tell({ kind: 'accountStopped', accountPk: pk });
      await dispatcher.accountStopped(pk);
      await stores.untilGivenBack({ tenantId, accountPk: pk, batchCode: null }, keeper.number);
    },
    onResumed: async ({ pk, tenantId }) => {
      onTold(tenantId);
      tell({ kind: 'accountResumed', accountPk: pk });
      await dispatcher.accountResumed(pk);
    },
  });
  const readGates = async (lane: LaneKey, now: number): Promise<readonly Gate[]> =>
    stores.laneGates.read({ ...lane, limits: limitsOf(limitsOfRow(await accounts.relayRow(lane.accountPk))) }, now);
  const attemptServices: AttemptServices = {
    clock,
    random,
    log,
    readKeys: parts.readKeys,
    keeper,
    pool,
    tokens,
    outgoing,
    lockStepRelays: new LockStepRelays({ clock, log }),
    flights,
    hooks,
    load: stores.claimedLoader.load,
    recipients: stores.loadRecipients,
    findSuppressed: parts.findSuppressed,
    mayHaveArrived: stores.mayHaveArrived,
    accounts,
    signingKeys: (tenantId, accountPk, domain) => stores.dkimKeys.signingKeys(tenantId, accountPk, domain),
    settle: stores.settle,
    outcomesExpected: () => dispatcher.outcomesExpected,
    marks: stores.marks,
    settings,
    shareOf: (accountPk) => budget.shareOf(accountPk),
    policy: config.retry,
    accountTrouble: (account, reason, restMs) => health.failed(account, reason, restMs),
    accountRests: (accountPk) => health.rests(accountPk),
    accountWell(account) {
      if (!dispatcher.isOnProbe(account.pk) || health.isResting(account.pk)) return;
      health.works(account).catch((error: unknown) => {
        log.warn({ accountPk: account.pk, err: error }, 'the pause of an account that works could not be ended');
      });
    },
    pathTried: ({ pk }, isReached) => dispatcher.pathTried(pk, isReached),
    onStage: times.stage,
    traces: parts.traces,
    slowDown: ({ pk }, startedAt) => dispatcher.slowDown(pk, startedAt),
    onSettled(message, settlement) {
      if (settlement.captured !== undefined) captured.noted(settlement.tenantId);
      parts.onSettled(message, settlement);
    },
  };
  const budget = new ConnectionBudget({
    clock,
    log,
    keeper,
    leaseMs: settings.leaseMs,
    shares: database.dialect.isExclusive ? null : stores.connectionShares,
    pool,
    tellPeers: (accountPk, isWanted) => tell({ kind: 'connections', accountPk, isWanted }),
  });
  const dispatcher = new Dispatcher({
    clock,
    log,
    keeper,
    async claim(lanes, how) {
      const claimed = await stores.claim(lanes, how);
      stores.claimedLoader.loadAhead(claimed.flat().map(({ pk }) => pk));
      return claimed;
    },
    release: stores.release,
    takeBack: stores.takeBack,
    findLanes: stores.findLanes,
    promotion: stores.promotion,
    settings,
    flights,
    budget,
    readGates,
    pauses: stores.accountPauses,
    isPaused: async () => (await stores.instances.get()).paused_at !== null,
    isBatchSuspended: (batch) => stores.batches.isSuspended(batch),
    laneSettings: async (pk) => laneSettingsOf(await accounts.relayRow(pk)),
    attempt(message, context) {
      times.waited(message.priority, clock.now() - message.eligible_at);
      return runAttempt(message, attemptServices, context);
    },
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
    tellPeers: ({ accountPk, tenantId }, isImmediate) => tell({ kind: 'lane', accountPk, tenantId, isImmediate }),
    onPreparing: () => {
      preparer.arrived();
      tell({ kind: 'preparing' });
    },
    wasLimited: (message) => parts.onLimited(message, false),
  });
  const captured = new CapturedRoomKeeper({
    clock,
    mails: stores.capturedMails,
    room: config.sandbox,
    keptMs: config.sandbox.keep === null ? null : periodMs(config.sandbox.keep),
  });
  const housekeeping = new Housekeeping({
    clock,
    log,
    settings,
    expire: stores.expire,
    sweepBatches: (now) => stores.batches.sweep(now),
    forgetUses: stores.forgetUses,
    forgetFiles: (before, limit) => stores.contents.forget(before, limit),
    forgetAnswers: (now, limit) => stores.once.sweep(now, limit),
    endPauses: () => health.endOver(),
    forgetSuppressions: (now, limit) => stores.suppressionLookup.forget(now, limit),
    tidyCaptured: (signal) => captured.tidy(signal),
    sweepCache: parts.sweepCache,
    onExpired(messages) {
      for (const tenantId of new Set(messages.map(({ tenant_id }) => tenant_id))) onTold(tenantId);
      parts.onExpired(messages);
    },
    onReady: (lane) => dispatcher.arrived(lane, true),
  });
  const preparer = new Preparer({
    clock,
    log,
    session: () => keeper.number,
    preparing: stores.preparing,
    concurrency: config.attachments.concurrency,
    prepare: (message, signal) =>
      prepareMessage(
        message,
        {
          ...attemptServices,
          preparing: stores.preparing,
          bring: parts.bring,
          contents: stores.contents,
          limits: config.attachments,
          onReady: ({ account_pk: accountPk, tenant_id: tenantId, priority }) =>
            dispatcher.arrived({ accountPk, tenantId }, priority === 0),
        },
        signal,
      ),
  });
  const explain = createExplain({
    clock,
    readGates,
    position: (message) => stores.messages.position(message),
    claimWaits: (accountPk, isImmediate) => dispatcher.claimWaits(accountPk, isImmediate),
    isBatchSuspended: (tenantId, batchCode) => stores.batches.isSuspended({ tenantId, batchCode }),
  });
  return {
    keeper,
    dispatcher,
    arrivals: new Arrivals({ dispatcher, flights }),
    preparer,
    housekeeping,
    pool,
    flights,
    health,
    budget,
    explain,
    readGates,
    async limitGate(accountPk) {
      const { tenantId } = await accounts.relayRow(accountPk);
      const gates = await readGates({ accountPk, tenantId }, clock.now());
      return gates.find((gate) => gate.kind === 'rate_limited') ?? null;
    },
    async verify(pk) {
      const { key, relay, limits } = poolRequest(await accounts.relayRow(pk), {
        isImmediate: false,
        sizeBytes: 0,
        share: () => budget.shareOf(pk),
        settings,
        tokens,
        outgoing,
      });
      if (relay.sandbox !== undefined) return verifySandbox(relay.sandbox);
      return verifyRelay(relay, { clock, reserve: (signal) => pool.reserve(key, relay, limits, signal) });
    },
  };
}

function laneSettingsOf(row: AccountRelayRow): LaneSettings {
  return {
    capacity: RUNNING_PER_CONNECTION * row.maxConnections,
    maxConnections: row.maxConnections,
    weight: row.weight,
    tenantWeight: row.tenant.weight,
    limits: limitsOf(limitsOfRow(row)),
    limitBehavior: row.limitBehavior,
    host: `${relayHost(row).toLowerCase()}:${row.port}`,
  };
}

function limitsOfRow(row: AccountRelayRow) {
  return { account: row.limits, tenant: row.tenant.limits };
}
