// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TracerProvider } from '@opentelemetry/api';
import type { Uploads } from '../attachments/uploads.ts';
import type { Clock, Random } from '../clock.ts';
import type { EngineConfigInput } from '../config/engine-config.ts';
import type { PostgresClient } from '../config/postgres-pool.ts';
import type { BatchResult } from '../entities/message/message.schema.ts';
import type { OnConflict } from '../entities/message/on-conflict.ts';
import type { SubmittedInput } from '../entities/message/raw-message.ts';
import type { Mixin } from '../mixin/contract.ts';
import type { PublicRoute } from '../mixin/routes.ts';
import type { Log } from '../observability/log.ts';
import type { LogThreshold } from '../observability/log-level.ts';
import type { MetricDescription } from '../observability/metrics.ts';
import type { Caller } from '../operations/execute.ts';
import type { AnyOperation } from '../operations/operation.ts';
import type { Principal } from '../operations/principal.ts';
import type { ReportEvent } from '../reporting/report-protocol.ts';
import type { ReportSink } from '../reporting/report-transport.ts';
import type { TokenOrigin } from './authenticate.ts';
import type { EventStreamOptions } from './event-stream.ts';
import type { MeteredUploads } from './metered-uploads.ts';
import type { RequestPlace } from './request-places.ts';

export interface MailEngineOptions {
  readonly config: EngineConfigInput;
  /** In the order in which their hooks are called. @defaultValue none */
  readonly mixins?: readonly Mixin[];
  /** What each mixin is given as its configuration, by the mixin's id. */
  readonly mixinConfig?: Readonly<Record<string, unknown>>;
  /** Takes all reports inside the process, at least once each, in place of the tenants' endpoints. */
  readonly reportSink?: ReportSink;
  /** @defaultValue silent */
  readonly log?: Log;
  /** The level of that log, if it may be changed by an operation. @defaultValue it may not */
  readonly logThreshold?: LogThreshold;
  /** Makes the spans of messages. @defaultValue that which an SDK of OpenTelemetry registers; without one nothing is recorded */
  readonly tracerProvider?: TracerProvider;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface SubmitOptions {
  /** @defaultValue `default` */
  readonly tenantId?: string;
  /** What is done with messages whose id is taken, where they do not say. @defaultValue reject */
  readonly onConflict?: OnConflict;
  /**
   * 1 to 255 visible characters of ASCII: a call with the same key and the same messages is answered as before, and
   * stores nothing.
   */
  readonly idempotencyKey?: string;
  /**
   * The trace that they belong to, as the `traceparent` of W3C Trace Context.
   *
   * @defaultValue the active span of OpenTelemetry, if there is one
   */
  readonly traceparent?: string;
  /** Called when the answer is that to an earlier call. */
  readonly onReplayed?: () => void;
}

/** The answer to messages that were stored in a transaction of the caller's. */
export interface JoinedBatchResult extends BatchResult {
  /**
   * Call it after the commit: the messages go out at once. Without, they do when the engine looks for ready messages
   * the next time, every 15 s. After a rollback it does nothing.
   */
  readonly committed: () => void;
}

/** Whether the engine can do its work, and what it lacks. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** A mail engine over one database. Several may live in one process; none touches signals, globals or the console. */
export interface MailEngine extends AsyncDisposable {
  readonly edition: 'community' | 'enterprise';
  /** Ids of the mixins that take part. */
  readonly mixins: readonly string[];
  /** The one list of what can be done, the mixins' operations included. */
  readonly operations: readonly AnyOperation[];
  /** What mixins serve to anybody: an application that has its own HTTP serves these beside its own paths. */
  readonly routes: readonly PublicRoute[];
  /** Takes in the files of clients, as `content` of attachments. */
  readonly uploads: Uploads;
  /** The same for one request of a caller, counted with what waits of its tenant; to be disposed of with the request. */
  uploadsOf(principal: Principal): Promise<MeteredUploads>;
  /**
   * Begin a request, for who serves some over a network: so many are handled at the same time, and so much of them is in
   * memory, as the configuration allows (`limits.maxRequests`, `limits.maxRequestsMb`).
   *
   * @throws {MailProxyError} `overloaded`
   */
  takeRequest(): RequestPlace;
  /**
   * Run an operation by name, as `accounts.create`.
   *
   * @param caller an admin inside the process by default
   * @throws {MailProxyError} what {@link execute} and the operation throw
   */
  execute(operation: string | AnyOperation, input: unknown, caller?: Caller): Promise<unknown>;
  /**
   * Tell who holds a token; null is nobody. Wrong tokens are counted by the address that they come from.
   *
   * @throws {MailProxyError} `unauthenticated`, `rate_limited`; `forbidden` where the key is not for that address
   */
  authenticate(token: string | null, from?: TokenOrigin): Promise<Principal>;
  /**
   * Let in who may call an operation, before its input is there; {@link MailEngine.execute} asks the same again.
   *
   * @throws {MailProxyError} `unauthenticated`, `forbidden`
   */
  authorise(operation: AnyOperation, caller: Caller): void;
  /**
   * Accept messages for a tenant, `default` if none is named. Answers once they are on disk. One with `raw` is complete and
   * sent as it is; of the others the message is made.
   *
   * @throws {MailProxyError} `invalid_input`, `batch_too_large`; with a key `idempotency_key_reused`,
   * `idempotency_key_in_flight`
   */
  submit(messages: readonly SubmittedInput[], options?: SubmitOptions): Promise<BatchResult>;
  /**
   * Accept messages within a transaction of yours, so that they are stored and become mail exactly if it commits. Each
   * has its result, as otherwise; one that is refused does not fail the transaction, and when this throws, nothing of
   * it is left in there. Tenants and accounts have to be committed before.
   *
   * @example
   * ```ts
   * await client.query('begin');
   * await client.query('insert into orders values ($1)', [order.id]);
   * const mail = await engine.submit([confirmation], { transaction: client });
   * await client.query('commit');
   * mail.committed();
   * ```
   * @throws {MailProxyError} `unsupported` on SQLite
   * @throws {TypeError} no transaction was begun on the client
   * @throws what PostgreSQL said, with its SQLSTATE, where the transaction cannot go on
   */
  submit(
    messages: readonly SubmittedInput[],
    options: SubmitOptions & { readonly transaction: PostgresClient },
  ): Promise<JoinedBatchResult>;
  /** Read a tenant's events in order, and wait for more. */
  events(options?: EventStreamOptions): AsyncIterable<ReportEvent>;
  /** Begin to deliver and to report. Before, messages are accepted and wait. */
  start(): Promise<void>;
  /**
   * Take no new work, let running sends finish until the deadline, write their outcomes, give back the rest.
   * The database stays open until the engine is disposed.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
  ready(): Promise<Readiness>;
  /** What metrics there are, those of mixins included. */
  readonly metrics: readonly MetricDescription[];
  /** The exposition format of Prometheus. */
  metricsText(): Promise<{ readonly contentType: string; readonly body: string }>;
}
