// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hostname } from 'node:os';
import * as v from 'valibot';
import { DEFAULT_RETENTION, retentionPeriod } from '../retention.ts';
import {
  changeRetryPolicy,
  DEFAULT_RETRY_POLICY,
  type RetryPolicy,
  retryAttempts,
  retryDelays,
  retryFactor,
  retryPreset,
} from '../retry-policy.ts';
import { checkRoot } from './attachment-roots.ts';
import { encryptionKey, encryptionKeyCommand, encryptionKeys } from './encryption-key.ts';
import { hostNameOrAddress } from './host-name.ts';
import type { PostgresPool } from './postgres-pool.ts';

const positive = v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(1, 'expected at least 1'));
const milliseconds = v.pipe(v.number(), v.minValue(1, 'expected milliseconds, at least 1'));
const text = v.pipe(v.string(), v.minLength(1, 'expected some text'));

/** How many messages are sent at once, and how patient a connection is. */
const delivery = v.strictObject({
  /** Messages being sent at the same time, over all accounts. */
  maxSends: v.optional(positive, 50),
  /** Of those, kept free for immediate messages. */
  reservedImmediate: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 5),
  /** How much later a message of the next lower priority is placed in its lane. */
  priorityStepMs: v.optional(milliseconds, 600_000),
  /** Name given with EHLO; the machine's by default. */
  ehloName: v.optional(text, () => hostname()),
  /** How long stop() lets running sends finish. */
  stopDeadlineMs: v.optional(milliseconds, 10_000),
  /** Idle connections are closed after this. */
  idleMs: v.optional(milliseconds, 30_000),
  /** Connections are renewed after this. */
  maxAgeMs: v.optional(milliseconds, 300_000),
  /** A session that could not renew its heartbeat for this long sends nothing more. */
  leaseMs: v.optional(milliseconds, 60_000),
  /** Connections open at the same time, over all accounts. */
  maxConnections: v.optional(positive, 500),
  /** Of those, to one host and port. */
  maxConnectionsPerHost: v.optional(positive, 100),
  /** How long an account whose credentials or TLS failed is left alone the first time; doubled with each failed probe. */
  accountPauseMs: v.optional(milliseconds, 300_000),
  accountPauseMaxMs: v.optional(milliseconds, 3_600_000),
  /** Messages past their expiry are looked for this often. */
  expirySweepMs: v.optional(milliseconds, 5_000),
  /** Overrides of RFC 5321 §4.5.3.2. */
  connectMs: v.optional(milliseconds, 30_000),
  greetingMs: v.optional(milliseconds, 300_000),
  commandMs: v.optional(milliseconds, 300_000),
  dataMs: v.optional(milliseconds, 120_000),
  blockMs: v.optional(milliseconds, 180_000),
  dotMs: v.optional(milliseconds, 600_000),
  /** Bytes of a message that a sandbox takes; a larger one is refused, as relays do. */
  sandboxMaxBytes: v.optional(positive, 36_700_160),
});

/** What is parsed is read-only, and may be parsed again; valibot's arrays take none such. */
const readonlyNumbers = v.pipe(
  v.custom<readonly number[]>((value) => Array.isArray(value), 'expected a list of delays'),
  v.transform((list) => [...list]),
);

const readonlyHosts = v.pipe(
  v.custom<readonly string[]>((value) => Array.isArray(value), 'expected a list of names'),
  v.transform((list) => [...list]),
  v.array(hostNameOrAddress),
);

const readonlyFolders = v.pipe(
  v.custom<readonly string[]>((value) => Array.isArray(value), 'expected a list of folders'),
  v.transform((list) => [...list]),
  v.array(
    v.pipe(
      text,
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? checkRoot(dataset.value) : null;
        if (message !== null) addIssue({ message });
      }),
    ),
  ),
);

/**
 * When a message that failed for now is tried again: base x factor^n, at most `maxDelayMs`, full jitter; or `delaysMs`,
 * one after the other. Tenants and accounts may have their own.
 */
const retry = v.pipe(
  v.strictObject({
    /** `original`: the five delays of genro-mail-proxy, then the message is given up. */
    preset: v.optional(retryPreset),
    baseMs: v.optional(milliseconds),
    factor: v.optional(retryFactor),
    maxDelayMs: v.optional(milliseconds),
    /** After this a message that still fails is given up: RFC 5321 §4.5.4.1 asks for four to five days. */
    maxAgeMs: v.optional(milliseconds),
    /** Takes the place of base and factor. */
    delaysMs: v.nullish(v.pipe(readonlyNumbers, retryDelays(milliseconds))),
    /** Attempts in all, the first counted in. */
    maxAttempts: v.nullish(retryAttempts),
  }),
  v.check(
    ({ preset, delaysMs }) => preset === undefined || (delaysMs ?? null) === null,
    'expected a preset or delaysMs, not both',
  ),
  v.check(
    ({ preset, baseMs, factor }) => preset === undefined || (baseMs === undefined && factor === undefined),
    'expected a preset, or baseMs and factor, not both',
  ),
  v.transform((change): RetryPolicy => changeRetryPolicy(DEFAULT_RETRY_POLICY, change)),
);

const reports = v.strictObject({
  /** A tenant with nothing to be told is called this often. */
  intervalMs: v.optional(milliseconds, 300_000),
  timeoutMs: v.optional(milliseconds, 30_000),
  /** Events in one call. */
  maxBatch: v.optional(positive, 1_000),
  /** Bytes of the body of a call; common servers take a million. A single event that is larger goes alone. */
  maxBytes: v.optional(positive, 524_288),
  /** Calls at the same time, each to another tenant; slow ones have four times as many places beside them. */
  concurrency: v.optional(positive, 10),
  /** What a tenant did not take for so long is given up. */
  maxAgeMs: v.optional(milliseconds, 604_800_000),
  /** Whether only an answer with `ok: true` acknowledges; else every one of success does that does not say `ok: false`. */
  requireOk: v.optional(v.boolean('expected true or false'), true),
  /** Calls of one tenant that wait for events at the same time. */
  maxWaiting: v.optional(positive, 10),
});

/** Where HTTP requests on behalf of tenants may go, beyond public servers. */
const outgoing = v.strictObject({
  /** Private, loopback and link-local addresses too; metadata services of clouds stay closed. */
  allowPrivateNetworks: v.optional(v.boolean('expected true or false'), false),
  /** Names and addresses of hosts that may be reached wherever they are. */
  allowedHosts: v.optional(readonlyHosts, []),
});

/** What may be attached, and how it is fetched. */
const attachments = v.strictObject({
  /** Bytes of one attachment. */
  maxBytes: v.optional(positive, 26_214_400),
  /** Bytes of all attachments of a message together. */
  maxMessageBytes: v.optional(positive, 52_428_800),
  /** How long one may take to be fetched. */
  timeoutMs: v.optional(milliseconds, 30_000),
  /** How long all of a message may take. */
  messageTimeoutMs: v.optional(milliseconds, 120_000),
  /** Messages whose attachments are fetched at the same time. */
  concurrency: v.optional(positive, 20),
  /**
   * Folders under which files may be attached, by absolute paths; none by default. `{tenant}` in one stands for the
   * tenant's id, so that each has a folder of its own: what lies under a root without it, every tenant can attach.
   */
  roots: v.optional(readonlyFolders, []),
  /** Folder for large files on their way to the database; that of the system by default. */
  spoolDir: v.optional(text),
});

/** Attachments that were fetched, kept for other messages and retries. Sizes in MiB and KiB. */
const cache = v.strictObject({
  /** Of all contents in memory. */
  memoryMaxMb: v.optional(positive, 50),
  memoryTtlSeconds: v.optional(positive, 300),
  /** Folder for contents above the threshold; processes may share it. By default they are not kept. */
  diskDir: v.optional(text),
  /** Of all contents in it. One that is larger is not kept. */
  diskMaxMb: v.optional(positive, 500),
  diskTtlSeconds: v.optional(positive, 3_600),
  /** Contents up to this size are kept in memory, larger ones on disk. */
  diskThresholdKb: v.optional(positive, 100),
});

const limits = v.strictObject({
  maxBatch: v.optional(positive, 1_000),
  maxRecipients: v.optional(positive, 1_000),
  /** Most messages of a tenant that may wait, and most bytes of them; tenants may have their own. Null for no limit. */
  maxPending: v.optional(v.nullable(positive), null),
  maxBytes: v.optional(v.nullable(positive), null),
  /** MiB that stay free on the disk of a database in a file: below, no mail is accepted, and what waits is still sent. */
  minFreeMb: v.optional(v.pipe(v.number(), v.minValue(0, 'expected at least 0')), 32),
  /** Requests being handled at the same time; one that waits for events is none. A tenant has half of them at most. */
  maxRequests: v.optional(positive, 500),
  /** MiB that their bodies hold in memory together; of a tenant half at most. One alone may be larger. */
  maxRequestsMb: v.optional(positive, 64),
  /** Wrong tokens that an address may send in a minute; then none of its tokens is looked at for a while. */
  wrongTokensPerMinute: v.optional(positive, 20),
  /** How long the answer to a request with an `Idempotency-Key` is kept. */
  idempotencyMs: v.optional(milliseconds, 86_400_000),
});

/** Days, or an ISO 8601 duration; null keeps it for good. Tenants may have their own. */
const period = v.nullable(retentionPeriod);

/** How long what is done with is kept. */
const retention = v.strictObject({
  /** What finished messages say, and their attachments. */
  content: v.optional(period, DEFAULT_RETENTION.content),
  /** Finished messages, their recipients and events. */
  metadata: v.optional(period, DEFAULT_RETENTION.metadata),
  /** Events that were acknowledged. */
  events: v.optional(period, DEFAULT_RETENTION.events),
  /** The log of commands. */
  audit: v.optional(period, DEFAULT_RETENTION.audit),
  /** Days for which the id of a message that was removed is not taken again. */
  idsDays: v.optional(v.pipe(positive, v.minValue(90, 'expected at least 90 days')), 90),
  /** How often it is looked for what is too old. */
  sweepMs: v.optional(milliseconds, 600_000),
});

/** How many series the metrics have. */
const metrics = v.strictObject({
  /** Whether the counters of accounts tell the tenant, by id and name. */
  tenantLabels: v.optional(v.boolean('expected true or false'), true),
  /** Accounts that are counted each for itself, in the order in which they are met; the others share one series. */
  maxAccounts: v.optional(positive, 1_000),
});

/** What sandboxes keep of the mail that they captured; the oldest goes first. */
const sandbox = v.strictObject({
  /** Mails of a tenant. */
  maxMessages: v.optional(positive, 1_000),
  /** Bytes of a tenant. */
  maxBytes: v.optional(positive, 104_857_600),
  /** Days, or an ISO 8601 duration; null keeps it until there is too much. */
  keep: v.optional(period, 7),
});

const postgresPool = v.custom<PostgresPool>(
  (value) => typeof value === 'object' && value !== null && 'connect' in value && typeof value.connect === 'function',
);

/** How patient an engine is with PostgreSQL, and how many connections it takes. */
export const postgresSchema = v.strictObject({
  /** Time for a connection, the wait for a free one counted in. */
  connectMs: v.optional(milliseconds, 10_000),
  /** Time for a statement. One that takes longer is undone; a server that does not even say so is cut off. */
  statementMs: v.optional(milliseconds, 30_000),
  /**
   * Schema in which all our tables stand, made when it is missing: engines in two schemas of a database know nothing
   * of each other. By default what the connection's search path says, and no schema is made.
   */
  schema: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'expected letters, digits and underscores, at most 63'),
    ),
  ),
  /** Connections at the same time; one of them writes. A pool of yours has its own limit. */
  maxConnections: v.optional(v.pipe(positive, v.minValue(2, 'expected at least 2')), 5),
});

/** The configuration of an engine; only `database` has no default. */
export const engineConfigSchema = v.strictObject({
  /** A file path, `:memory:`, `postgres://...`, or a `pg.Pool` of yours, which is not ended here. */
  database: v.union([text, postgresPool], 'expected a path, postgres://... or a pool'),
  instanceName: v.optional(text, 'mail-proxy'),
  /** Token of the operator; without one only embedding code can act as admin. */
  adminToken: v.optional(v.pipe(v.string(), v.minLength(8, 'expected at least 8 characters'))),
  /** Token that reads metrics and nothing else. */
  metricsToken: v.optional(v.pipe(v.string(), v.minLength(16, 'expected at least 16 characters'))),
  /** Base64 of the 32 bytes that seal secrets at rest. */
  encryptionKey: v.optional(encryptionKey),
  /** File that holds the keys, one a line, the first seals; made when missing. `<database>.key` by default. */
  encryptionKeyFile: v.optional(text),
  /** Program that writes the keys as a file has them, and its arguments. Run without a shell, within 10 s. */
  encryptionKeyCommand: v.optional(encryptionKeyCommand),
  /** Keys that open what they sealed and seal nothing any more, or not yet. */
  encryptionKeysPrevious: v.optional(encryptionKeys, []),
  /** Seal what messages say and have attached, too. What is stored already stays as it is. */
  contentEncryption: v.optional(v.boolean('expected true or false'), false),
  postgres: v.optional(postgresSchema, {}),
  delivery: v.optional(delivery, {}),
  retry: v.optional(retry, {}),
  reports: v.optional(reports, {}),
  limits: v.optional(limits, {}),
  retention: v.optional(retention, {}),
  metrics: v.optional(metrics, {}),
  outgoing: v.optional(outgoing, {}),
  attachments: v.optional(attachments, {}),
  cache: v.optional(cache, {}),
  sandbox: v.optional(sandbox, {}),
});

export type EngineConfigInput = v.InferInput<typeof engineConfigSchema>;
export type EngineConfig = v.InferOutput<typeof engineConfigSchema>;
export type PostgresSettings = EngineConfig['postgres'];
export type DeliverySettings = EngineConfig['delivery'];
export type RetentionSettings = EngineConfig['retention'];
export type SandboxSettings = EngineConfig['sandbox'];
export type AttachmentSettings = EngineConfig['attachments'];
export type { RetryPolicy };
