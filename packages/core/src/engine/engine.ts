// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { ContentCache } from '../attachments/cache/content-cache.types.ts';
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import type { Uploads } from '../attachments/uploads.ts';
import type { Random } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { PostgresClient } from '../config/postgres-pool.ts';
import type { Database } from '../database/database.ts';
import type { SyncedClock } from '../database/database-clock.ts';
import { watchSchema } from '../delivery/schema-watch.ts';
import { BEATS_PER_LEASE } from '../delivery/session-keeper.ts';
import { submitAny } from '../entities/message/message.operations.ts';
import type { BatchResult } from '../entities/message/message.schema.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { SubmittedInput } from '../entities/message/raw-message.ts';
import { TenantRoom } from '../entities/message/tenant-room.ts';
import type { Written } from '../entities/message-event/append-events.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { Traffic } from '../entities/statistics/traffic.ts';
import { MailProxyError } from '../errors.ts';
import type { MakePk } from '../identity.ts';
import type { PublicRoute } from '../mixin/routes.ts';
import type { Log } from '../observability/log.ts';
import type { LogThreshold } from '../observability/log-level.ts';
import type { MetricDescription, Metrics } from '../observability/metrics.ts';
import type { Traces } from '../observability/traces.ts';
import { type Caller, type Execution, execute } from '../operations/execute.ts';
import type { AnyOperation } from '../operations/operation.ts';
import { type Principal, reachOfAll } from '../operations/principal.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { Settlement } from '../queue/settle.ts';
import { StoringRoom } from '../queue/storing-room.ts';
import { createTakeMessages } from '../reporting/answered-messages.ts';
import type { ReportEvent } from '../reporting/report-protocol.ts';
import type { ReportSink } from '../reporting/report-transport.ts';
import { createReporter, type Reporter } from '../reporting/reporter.ts';
import type { TakeMessages } from '../reporting/take-messages.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { OpenSession } from '../smtp/pool-lane.ts';
import { type AccessSide, createAccessSide } from './access-side.ts';
import { type AttachmentSide, createAttachmentSide } from './attachment-side.ts';
import type { Authenticate } from './authenticate.ts';
import { Background } from './background.ts';
import { createCoreServices } from './core-services.ts';
import { createDeliverySide, type DeliverySide } from './delivery-side.ts';
import type { EncryptionSide } from './encryption-side.ts';
import type { JoinedBatchResult, MailEngine, Readiness, SubmitOptions } from './engine.types.ts';
import { EventBell, type EventStreamOptions, eventStream } from './event-stream.ts';
import { EventWaits } from './event-waits.ts';
import { extendOperations } from './extend-operations.ts';
import { createHealthSide, type HealthSide } from './health-side.ts';
import { createIntake, type Intake, type IntakeParts } from './intake.ts';
import { type MeteredUploads, meterUploads } from './metered-uploads.ts';
import { createMetricSide } from './metric-side.ts';
import { type CoreServices, coreOperations } from './operations.ts';
import { type NoticeListener, PeerNotices } from './peer-notices.ts';
import { hearPeers } from './peer-side.ts';
import { readinessOf } from './readiness.ts';
import { reportTransportOf } from './report-side.ts';
import { type RequestPlace, RequestPlaces } from './request-places.ts';
import { createRetentionKeeper } from './retention-side.ts';
import type { SetUpMixins } from './set-up-mixins.ts';
import { SettledObserver } from './settled-observer.ts';
import { countExpired, countSettled, createTrafficKeeper } from './statistics-side.ts';
import type { Stores } from './stores.ts';
import { submissionCall } from './submission-call.ts';
import { submitInTransaction } from './submit-in-transaction.ts';
import { createSuppressionSide, type SuppressionSide } from './suppression-side.ts';

export interface EngineParts {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  /** Throws `schema_too_new` once a newer version made the database unreadable for this one. */
  readonly checkSchema: () => Promise<void>;
  readonly stores: Stores;
  readonly mixed: SetUpMixins;
  readonly makePk: MakePk;
  /** The database's, if other instances share it. */
  readonly clock: SyncedClock;
  /** The machine's own wall time, in milliseconds. */
  readonly machineTime: () => number;
  readonly sealer: Sealer;
  readonly encryption: EncryptionSide;
  /** Bytes of attachments that were fetched; the engine disposes of it. */
  readonly cache: ContentCache;
  /** Kinds of storages from which attachments are fetched. */
  readonly storageBackends: readonly StorageBackend[];
  readonly random: Random;
  readonly log: Log;
  readonly traces: Traces;
  readonly logThreshold: LogThreshold | null;
  readonly reportSink: ReportSink | undefined;
  /** Makes requests for tenants; the engine disposes of it. */
  readonly http: OutgoingHttp;
  /** Opens connections to relays. @defaultValue over the network */
  readonly openSession?: OpenSession | undefined;
}

/** Who embeds the engine is its operator. */
const EMBEDDER: Caller = { principal: { kind: 'admin', name: 'embedded' }, origin: 'embedded' };

/** Once it stops, connections that do not say goodbye in this time are cut. */
const POOL_GRACE_MS = 2_000;

/** The engine; made by createMailEngine. */
export class Engine implements MailEngine {
  readonly edition: 'community' | 'enterprise';
  readonly mixins: readonly string[];
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly PublicRoute[];
  readonly authenticate: Authenticate;
  readonly authorise: AccessSide['authorise'];
  readonly uploads: Uploads;
  readonly #parts: EngineParts;
  readonly #delivery: DeliverySide;
  readonly #attachments: AttachmentSide;
  readonly #access: AccessSide;
  readonly #reporter: Reporter;
  readonly #metrics: Metrics;
  readonly #room: TenantRoom;
  readonly #traffic: Traffic;
  readonly #observer: SettledObserver;
  readonly #suppression: SuppressionSide;
  readonly #services: CoreServices;
  readonly #takeMessages: TakeMessages;
  readonly #bell = new EventBell();
  readonly #waits: EventWaits;
  readonly #notices: PeerNotices;
  readonly #health: HealthSide;
  readonly #places: RequestPlaces;
  readonly #storing: StoringRoom;
  readonly #sending: Background;
  /** Reports go on while running sends finish, so that their outcomes are still told. */
  readonly #telling: Background;
  readonly #cut = new AbortController();
  readonly #stopped = new AbortController();
  #isStarted = false;
  #isOutdated = false;
  #stopping: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: EngineParts) {
    const { config, stores, mixed, clock, log, database } = parts;
    this.#parts = parts;
    this.mixins = mixed.ids;
    this.edition = mixed.ids.length > 0 ? 'enterprise' : 'community';
    this.operations = [...extendOperations(coreOperations, mixed.extensions), ...mixed.operations];
    this.routes = mixed.routes;
    const { maxWaiting } = config.reports;
    this.#waits = new EventWaits({ clock, bell: this.#bell, stopped: this.#stopped.signal, maxWaiting });
    this.#sending = new Background(log);
    this.#telling = new Background(log);
    this.#metrics = createMetricSide({
      ...parts,
      edition: this.edition,
      delivery: () => this.#delivery,
      reports: async () => ({ ...(await this.#reporter.stats()), waits: this.#waits.size }),
      lacks: () => this.#health.lacks(),
      freeBytes: () => this.#health.writes.freeBytes,
      requests: () => this.#places.size,
    });
    this.#places = new RequestPlaces({
      maxRequests: config.limits.maxRequests,
      maxBytes: config.limits.maxRequestsMb * 1_048_576,
      onRefused: this.#metrics.refusedLoad,
    });
    this.#storing = new StoringRoom(this.#metrics.refusedLoad);
    this.#traffic = new Traffic({ clock });
    this.#room = new TenantRoom({
      clock,
      usageOf: stores.waitingUsage,
      isShared: !database.dialect.isExclusive,
      limits: config.limits,
      onRefused: (quota) => this.#metrics.overQuota(quota),
    });
    this.#observer = new SettledObserver({
      accounts: stores.accounts,
      tenants: stores.tenants,
      metrics: this.#metrics,
      hooks: mixed.hooks,
      log,
    });
    this.#notices = new PeerNotices({ channel: database.channel, clock, log });
    this.#access = createAccessSide({ ...parts, isTold: () => this.#notices.isHearing });
    this.authenticate = this.#access.authenticate;
    this.#suppression = createSuppressionSide({
      ...parts,
      metrics: this.#metrics,
      isTold: () => this.#notices.isHearing,
      tell: (tenantId) => this.#notices.tell({ kind: 'suppressions', tenantId }),
    });
    this.authorise = this.#access.authorise;
    const tellTenant = (tenantId?: string): void => this.#reporter.wake(tenantId);
    this.#attachments = createAttachmentSide({
      ...parts,
      backends: parts.storageBackends,
      metrics: this.#metrics,
    });
    this.uploads = this.#attachments.uploads;
    this.#delivery = createDeliverySide({
      ...parts,
      bring: this.#attachments.bring,
      sweepCache: (signal) => parts.cache.sweep(signal),
      hooks: mixed.hooks,
      findSuppressed: this.#suppression.find,
      readKeys: () => parts.encryption.reloadSoon(),
      cut: this.#cut.signal,
      onSettled: (message, settlement) => this.#settled(message, settlement),
      onLimited: (message, isRejected) => void this.#observer.limited(message, isRejected, clock.now()),
      times: this.#metrics.times,
      onExpired: (messages) => countExpired(this.#traffic, messages),
      onTold: tellTenant,
      tell: (notice) => this.#notices.tell(notice),
    });
    this.#health = createHealthSide({
      ...parts,
      delivery: this.#delivery,
      isOutdated: () => this.#isOutdated,
      isRunning: () => this.#sending.isRunning,
    });
    this.#reporter = createReporter({
      events: stores.messageEvents,
      exceptions: stores.reportExceptions,
      calls: stores.reportCalls,
      givenUp: stores.givenUp,
      write: (unit) => database.write(unit),
      sequencer: stores.sequencer,
      ...reportTransportOf(parts.reportSink, {
        tenants: stores.tenants,
        signingSecrets: stores.signingSecrets,
        http: parts.http,
        clock,
        timeoutMs: config.reports.timeoutMs,
        requiresOk: config.reports.requireOk,
      }),
      takeMessages: (tenantId, messages) => this.#takeMessages(tenantId, messages),
      clock,
      random: parts.random,
      makePk: parts.makePk,
      log,
      metrics: this.#metrics.reports,
      traces: parts.traces,
      settings: config.reports,
      shared: !database.dialect.isExclusive,
      claims: new Map(),
      onReported: (tenantId, { length }) => this.#traffic.count({ kind: 'reported', tenantId, count: length }),
      onSequenced: (tenantId) => {
        this.#bell.ring(tenantId);
        this.#notices.tell({ kind: 'events', tenantId });
      },
    });
    stores.accounts.onChange((accountPk) => {
      this.#notices.tell({ kind: 'account', accountPk });
      void this.#accountChanged(accountPk);
    });
    stores.tenants.onChange((tenantId) => {
      this.#notices.tell({ kind: 'tenant', tenantId });
      void this.#tenantChanged(tenantId);
    });
    for (const keys of [stores.apiKeys, stores.dkimKeys]) keys.onChange(() => this.#notices.tell({ kind: 'keys' }));
    parts.encryption.tellPeers = () => this.#notices.tell({ kind: 'encryptionKeys' });
    parts.encryption.session = () => this.session;
    this.#services = createCoreServices({
      ...parts,
      delivery: this.#delivery,
      attachments: this.#attachments,
      access: this.#access,
      suppression: this.#suppression,
      reporter: this.#reporter,
      notices: this.#notices,
      intake: createIntake(this.#intakeParts()),
      room: this.#room,
      traffic: this.#traffic,
      waits: this.#waits,
      prepare: () => this.#prepare(),
      edition: this.edition,
      mixins: this.mixins,
    });
    this.#takeMessages = createTakeMessages({
      services: this.#services,
      acceptInUnit: stores.acceptInUnit,
      // Not `expectOpen`: what calls under way confirm while it stops is kept.
      expectRoom: () => this.#health.writes.expectRoom(),
      storing: this.#storing,
      onArrived: (draft, state) => this.#arrived(draft, state),
    });
  }

  /** The session under which it sends; 0 before it is started. */
  get session(): number {
    return this.#delivery.keeper.number;
  }

  /** A mixin added to the history of a message. */
  eventWritten({ type, tenantId, accountPk }: Written): void {
    this.#reporter.wake(tenantId);
    if (type === 'bounce') {
      this.#traffic.count({ kind: 'bounced', tenantId, accountPk });
      void this.#observer.counted(accountPk, 'bounced');
    }
    if (type === 'complaint') void this.#observer.counted(accountPk, 'complaints');
  }

  async execute(operation: string | AnyOperation, input: unknown, caller: Caller = EMBEDDER): Promise<unknown> {
    const found = typeof operation === 'string' ? this.operations.find((known) => known.name === operation) : operation;
    if (found === undefined) throw new TypeError(`there is no operation ${String(operation)}`);
    this.#refuseOutdated();
    const own = this.#parts.mixed.servicesOf.get(found);
    // The list holds operations of many service types; each uses a part of CoreServices and its mixin's own.
    const services = (own === undefined ? this.#services : { ...this.#services, ...own }) as never;
    return execute(found, input, this.#execution(services, caller));
  }

  submit(messages: readonly SubmittedInput[], options?: SubmitOptions): Promise<BatchResult>;
  submit(
    messages: readonly SubmittedInput[],
    options: SubmitOptions & { readonly transaction: PostgresClient },
  ): Promise<JoinedBatchResult>;
  async submit(
    messages: readonly SubmittedInput[],
    options: SubmitOptions & { readonly transaction?: PostgresClient } = {},
  ): Promise<BatchResult> {
    this.#refuseOutdated();
    const { transaction } = options;
    const { input, caller } = submissionCall(messages, options, EMBEDDER);
    const submit = (intake: Intake): Promise<BatchResult> =>
      execute(submitAny, input, this.#execution({ ...this.#services, ...intake }, caller));
    if (transaction === undefined) return submit(this.#services);
    return submitInTransaction(transaction, { database: this.#parts.database, submit, ...this.#intakeParts() });
  }

  events(options: EventStreamOptions = {}): AsyncIterable<ReportEvent> {
    const { clock, stores } = this.#parts;
    const listAfter = stores.messageEvents.listAfter;
    return eventStream({ clock, bell: this.#bell, listAfter, stopped: this.#stopped.signal }, options);
  }

  takeRequest(): RequestPlace {
    return this.#places.take();
  }

  uploadsOf(principal: Principal): Promise<MeteredUploads> {
    return meterUploads(principal, { uploads: this.uploads, room: this.#room, tenants: this.#parts.stores.tenants });
  }

  async start(): Promise<void> {
    if (this.#isStarted) throw new Error('the engine was started before');
    this.#isStarted = true;
    const { keeper, dispatcher, preparer, housekeeping, budget } = this.#delivery;
    const retention = createRetentionKeeper(this.#parts, { session: () => this.session, metrics: this.#metrics });
    await keeper.start();
    await this.#announceAccounts();
    this.#sending.start([
      { name: 'dispatcher', run: (signal) => dispatcher.run(signal, this.#cut.signal) },
      { name: 'attachments', run: (signal) => preparer.run(signal) },
      { name: 'connections', run: (signal) => budget.run(signal) },
      this.#health.watchDispatcher,
      { name: 'housekeeping', run: (signal) => housekeeping.run(signal) },
      { name: 'retention', run: (signal) => retention.run(signal) },
      ...this.#parts.mixed.background,
    ]);
    this.#telling.start([
      { name: 'session', run: (signal) => keeper.run(signal) },
      this.#health.watchWrites,
      { name: 'schema', run: (signal) => this.#watchSchema(signal) },
      createTrafficKeeper(this.#parts, this.#traffic, () => this.session),
      { name: 'reporter', run: (signal) => this.#reporter.run(signal, this.#cut.signal) },
      { name: 'notices', run: (signal) => this.#notices.run(this.#listener(), signal) },
    ]);
  }

  stop({ deadlineMs = this.#parts.config.delivery.stopDeadlineMs } = {}): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async ready(): Promise<Readiness> {
    return readinessOf(await this.#health.lacks());
  }

  get metrics(): readonly MetricDescription[] {
    return this.#metrics.describe();
  }

  metricsText(): Promise<{ readonly contentType: string; readonly body: string }> {
    return this.#metrics.text();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#stopped.abort();
    const wasRunning = this.#sending.isRunning;
    await this.#parts.encryption.stop();
    using _deadline = this.#parts.clock.after(deadlineMs, () => this.#cut.abort());
    // When the deadline passes first, what waits for a connection gives up and what is under way is cut.
    const cut = once(this.#cut.signal).then(() => this.#delivery.pool.close({ graceMs: 0 }));
    await this.#sending.stop();
    await Promise.race([this.#delivery.pool.close({ graceMs: POOL_GRACE_MS }), cut]);
    await this.#telling.stop();
    if (wasRunning) await this.#endSession();
  }

  /** Looked at as often as the session is renewed. Nobody but this process migrates a database of its own. */
  async #watchSchema(signal: AbortSignal): Promise<void> {
    const { clock, log, config, database, checkSchema } = this.#parts;
    if (database.dialect.isExclusive) return;
    const onOutdated = (): void => {
      this.#isOutdated = true;
      this.stop().catch((error: unknown) => log.error({ err: error }, 'the outdated engine could not be stopped'));
    };
    const intervalMs = config.delivery.leaseMs / BEATS_PER_LEASE;
    await watchSchema({ clock, log, intervalMs, check: checkSchema, onOutdated }, signal);
  }

  /** What this version writes may damage what the newer one made. */
  #refuseOutdated(): void {
    if (!this.#isOutdated) return;
    throw new MailProxyError('stopping', { detail: 'a newer version migrated the database; this one has stopped' });
  }

  /** A session that could not be ended ends by itself, with its lease or at the next start. */
  async #endSession(): Promise<void> {
    try {
      await this.#delivery.keeper.end();
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'the session could not be ended');
    }
  }

  async #close(): Promise<void> {
    try {
      await this.stop();
      await this.#access.flush();
      await this.#suppression.flush();
    } finally {
      await this.#parts.cache[Symbol.asyncDispose]();
      await this.#parts.http[Symbol.asyncDispose]();
      await this.#parts.database[Symbol.asyncDispose]();
    }
  }

  #intakeParts(): Omit<IntakeParts, 'writer'> {
    return {
      stores: this.#parts.stores,
      expectOpen: () => {
        if (this.#stopped.signal.aborted) throw new MailProxyError('stopping');
        this.#health.writes.expectRoom();
      },
      storing: this.#storing,
      onQueued: (draft) => this.#delivery.arrivals.queued(draft),
      onArrived: (draft, state) => this.#arrived(draft, state),
      onReplaced: (pk) => this.#delivery.preparer.drop(pk),
    };
  }

  #arrived(draft: MessageDraft, state: MessageState): void {
    const { tenant_id: tenantId, account_pk: accountPk } = draft.message;
    this.#traffic.count({ kind: 'accepted', tenantId, accountPk });
    if (state === 'deferred') this.#delivery.dispatcher.scheduled();
    else if (state === 'preparing') this.#prepare();
    else if (state === 'ready') this.#delivery.arrivals.stored(draft);
  }

  /** Messages are due whose attachments are to be fetched. */
  #prepare(): void {
    this.#delivery.preparer.arrived();
    this.#notices.tell({ kind: 'preparing' });
  }

  #listener(): NoticeListener {
    const { log, stores } = this.#parts;
    return hearPeers({
      stores,
      dispatcher: this.#delivery.dispatcher,
      preparer: this.#delivery.preparer,
      budget: this.#delivery.budget,
      reporter: this.#reporter,
      bell: this.#bell,
      suppression: this.#suppression,
      encryption: this.#parts.encryption,
      accountChanged: (pk) => this.#accountChanged(pk),
      tenantChanged: (id) => this.#tenantChanged(id),
      inBackground: (work, complaint) => {
        work.catch((error: unknown) => log.warn({ err: error }, complaint));
      },
    });
  }

  #settled(message: ClaimedMessage, settlement: Settlement): void {
    if (settlement.state === 'deferred') this.#delivery.dispatcher.scheduled();
    countSettled(this.#traffic, message, settlement);
    this.#reporter.wake(message.tenant_id);
    this.#suppression.settled(message.tenant_id, settlement);
    void this.#observer.settled(message, settlement);
  }

  /** Dashboards and alerts want a zero before the first event. Of accounts without a series of their own one is enough. */
  async #announceAccounts(): Promise<void> {
    let left = this.#parts.config.metrics.maxAccounts + 1;
    let after: string | undefined;
    do {
      const { items, next } = await this.#parts.stores.accounts.list(reachOfAll(), { limit: 1_000, after });
      const shown = items.slice(0, left);
      for (const account of shown) await this.#observer.announce(account.pk);
      left -= shown.length;
      after = next ?? undefined;
    } while (after !== undefined && left > 0);
  }

  async #accountChanged(accountPk: string): Promise<void> {
    for (const key of this.#delivery.pool.stats().keys()) {
      if (key.startsWith(`${accountPk}:`)) this.#delivery.pool.retire(key);
    }
    try {
      await this.#observer.announce(accountPk);
      await this.#delivery.dispatcher.accountChanged(accountPk);
    } catch (error) {
      this.#parts.log.debug({ accountPk, err: error }, 'the changed account is gone');
    }
  }

  /** Suspended or activated, or with other limits: what may not go any more is given back. */
  async #tenantChanged(tenantId: string): Promise<void> {
    const { accounts } = this.#parts.stores;
    accounts.forget();
    this.#reporter.wake(tenantId);
    try {
      await this.#delivery.dispatcher.tenantChanged(tenantId);
    } catch (error) {
      this.#parts.log.warn({ tenantId, err: error }, 'the lanes of a changed tenant could not be looked at');
    }
  }

  #execution<Services>(services: Services, caller: Caller): Execution<Services> {
    const { audit, onRefused } = this.#access;
    return { services, caller, audit, onRefused };
  }
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
