// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { MessageEventStore, NumberedEventRow } from '../entities/message-event/message-event.store.ts';
import type { ReportCursorsTable } from '../entities/message-event/message-event.table.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Sequencer } from '../queue/sequence-events.ts';
import { type Backoff, retryDelayMs } from '../retry-delay.ts';
import { type ReportAnswer, type ReportEvent, toReportEvent } from './report-protocol.ts';
import type { ReportTarget, ReportTransport } from './report-transport.ts';
import { PLAIN_TURN, type Turn, type TurnEnd } from './tenant-schedule.ts';

export interface ReportSettings {
  /** A tenant with nothing to be told is called this often. Milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds a call may take, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Events in one call. */
  readonly maxBatch: number;
  /** Calls at the same time, each to another tenant. */
  readonly concurrency: number;
}

/** Counters of the reports. */
export interface ReportMetrics {
  /** `count` events were acknowledged. */
  reported(count: number): void;
  /** A call failed. */
  failed(): void;
}

export interface ReporterParts {
  readonly events: MessageEventStore;
  readonly sequencer: Pick<Sequencer, 'sequence' | 'tenantsWithFreshEvents'>;
  readonly transport: ReportTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ReportMetrics;
  readonly settings: ReportSettings;
  /** Where the tenant is told; null when it is not. What it throws counts as a failed call. */
  readonly targetOf: (tenantId: string) => Promise<ReportTarget | null>;
  /** Whether other engines work on the same database: a call is then claimed first, at the price of one commit. */
  readonly shared: boolean;
  /** Called once the acknowledgement of `events` is on disk. */
  readonly onReported?: (tenantId: string, events: readonly ReportEvent[]) => void;
  /** Called once events of the tenant got their numbers. */
  readonly onSequenced?: (tenantId: string) => void;
}

/** Events numbered in one unit: takes SQLite's writer some 10 ms, for which other writes wait. */
const SEQUENCE_LIMIT = 1_000;
/** Characters of detail in one call: an event of a message with a thousand recipients has some 300,000. */
const MAX_BATCH_CHARS = 4_194_304;
/** Added to the time of a claimed call, so that it is over before another instance calls. */
const CLAIM_GRACE_MS = 5_000;
/** How often it is looked whether another instance's call is over. */
const CLAIM_POLL_MS = 1_000;
/** Between calls that fail. */
const CALL_BACKOFF: Backoff = { baseMs: 1_000, factor: 2, maxDelayMs: 300_000 };
/** Calls that `queued` brings about at once; after as many without any news they come at this distance. */
const QUEUED_AT_ONCE = 10;
const QUEUED_PAUSE_MS = 1_000;

/**
 * Do one turn for a tenant: number its events, make one call at most, and record what came of it. Throws only what
 * the database throws.
 *
 * @param abandon ends a call under way; nothing is recorded of it
 */
export async function serveTenant(
  parts: ReporterParts,
  tenantId: string,
  turn: Turn,
  abandon: AbortSignal,
): Promise<TurnEnd> {
  const { clock, events, settings } = parts;
  const numbered = await numberEvents(parts, tenantId, turn);
  if (numbered === null) return { failing: false, next: null };
  const { cursor, moreToNumber } = numbered;
  const failing = cursor.failures > 0;
  const after = (ms: number, next: Turn = PLAIN_TURN): TurnEnd['next'] => ({
    atMs: clock.monotonic() + ms,
    turn: next,
  });
  const fresh: Turn = { ...PLAIN_TURN, fresh: moreToNumber };

  const target = await findTarget(parts, tenantId);
  if (target === null) return { failing: false, next: moreToNumber ? after(0, fresh) : null };

  const now = clock.now();
  const waitMs = cursor.next_attempt_at - now;
  if (waitMs > 0 && !turn.force) {
    // Without a failure it is a call of another instance, which may be over long before.
    return {
      failing,
      next: after(failing ? waitMs : Math.min(waitMs, CLAIM_POLL_MS), { ...turn, fresh: moreToNumber }),
    };
  }
  const rows = await events.listAfter(tenantId, cursor.acked_seq, settings.maxBatch);
  if (rows.length === 0 && !mayCallWithoutNews(turn, cursor, { now, intervalMs: settings.intervalMs })) {
    return { failing, next: null };
  }
  const claim = await claimCall(parts, cursor, now);
  if (claim === 'lost') return { failing, next: after(CLAIM_POLL_MS, turn) };

  const batch = withinSize(rows).map(toReportEvent);
  const answer: ReportAnswer =
    'broken' in target
      ? { acknowledged: false, reason: target.broken }
      : await callWithTimeout(parts, { target, batch, abandon });
  if (!answer.acknowledged) {
    if (abandon.aborted) {
      if (claim !== null) await events.moveNextAttempt({ ...cursor, next_attempt_at: claim }, cursor.next_attempt_at);
      return { failing, next: null };
    }
    return { failing: true, next: after(await recordFailure(parts, cursor, answer.reason), fresh) };
  }

  await recordSuccess(parts, cursor, { answer, batch });
  if (batch.length === settings.maxBatch || batch.length < rows.length || moreToNumber) {
    return { failing: false, next: after(0, fresh) };
  }
  // Who asks not to be disturbed and to be called at once is not disturbed.
  const undisturbed = answer.nextSyncAfter !== null && answer.nextSyncAfter > clock.now();
  if (answer.queued <= 0 || undisturbed) return { failing: false, next: null };
  const queuedInARow = batch.length > 0 ? 1 : turn.queuedInARow + 1;
  const pauseMs = queuedInARow > QUEUED_AT_ONCE ? QUEUED_PAUSE_MS : 0;
  return { failing: false, next: after(pauseMs, { ...PLAIN_TURN, queuedInARow }) };
}

/** The cursor, after what is fresh got its number; null when the tenant is gone. */
async function numberEvents(
  { events, sequencer, onSequenced }: ReporterParts,
  tenantId: string,
  turn: Turn,
): Promise<{ readonly cursor: ReportCursorsTable; readonly moreToNumber: boolean } | null> {
  const known = turn.fresh ? null : await events.cursor(tenantId);
  if (known !== null) return { cursor: known, moreToNumber: false };
  const count = await sequencer.sequence(tenantId, SEQUENCE_LIMIT);
  if (count > 0) onSequenced?.(tenantId);
  const cursor = await events.cursor(tenantId);
  return cursor === null ? null : { cursor, moreToNumber: count === SEQUENCE_LIMIT };
}

/** A target that cannot be had, because its secret cannot be unsealed, say, is a call that fails. */
async function findTarget(
  { targetOf, log }: ReporterParts,
  tenantId: string,
): Promise<ReportTarget | { readonly broken: string } | null> {
  try {
    return await targetOf(tenantId);
  } catch (error) {
    // That of the database concerns every tenant and says nothing about this one.
    if (isMailProxyError(error, 'database_unavailable')) throw error;
    log.error({ tenantId, err: error }, 'report endpoint cannot be determined');
    return { broken: `the endpoint cannot be determined: ${isMailProxyError(error) ? error.code : 'internal'}` };
  }
}

function mayCallWithoutNews(
  turn: Turn,
  cursor: ReportCursorsTable,
  { now, intervalMs }: { readonly now: number; readonly intervalMs: number },
): boolean {
  if (turn.force || turn.queuedInARow > 0) return true;
  return (cursor.last_sync_at ?? 0) + intervalMs <= now && (cursor.next_sync_after ?? 0) <= now;
}

/** Until when the call is ours; null where nobody else could make it. */
async function claimCall(
  { shared, events, settings }: ReporterParts,
  cursor: ReportCursorsTable,
  now: number,
): Promise<number | null | 'lost'> {
  if (!shared) return null;
  const until = now + settings.timeoutMs + CLAIM_GRACE_MS;
  return (await events.moveNextAttempt(cursor, until)) ? until : 'lost';
}

function withinSize(rows: readonly NumberedEventRow[]): readonly NumberedEventRow[] {
  let chars = 0;
  const end = rows.findIndex((row, index) => {
    chars += row.detail.length;
    return chars > MAX_BATCH_CHARS && index > 0;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

async function callWithTimeout(
  { transport, clock, settings }: ReporterParts,
  call: { readonly target: ReportTarget; readonly batch: readonly ReportEvent[]; readonly abandon: AbortSignal },
): Promise<ReportAnswer> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  using _timeout = clock.after(settings.timeoutMs, abort);
  call.abandon.addEventListener('abort', abort, { once: true });
  if (call.abandon.aborted) abort();
  try {
    return await transport(call.target, { delivery_report: call.batch }, controller.signal);
  } finally {
    call.abandon.removeEventListener('abort', abort);
  }
}

/** Milliseconds until the next attempt: exponential from one second, at most five minutes, full jitter. */
async function recordFailure(
  { events, clock, random, log, metrics }: ReporterParts,
  cursor: ReportCursorsTable,
  reason: string,
): Promise<number> {
  const failures = cursor.failures + 1;
  const delayMs = retryDelayMs(failures, CALL_BACKOFF, random);
  metrics.failed();
  log.warn({ tenantId: cursor.tenant_id, failures, delayMs, reason }, 'report call failed');
  await events.recordFailure(cursor.tenant_id, { failures, nextAttemptAt: clock.now() + delayMs, lastError: reason });
  return delayMs;
}

async function recordSuccess(
  { events, clock, log, metrics, onReported }: ReporterParts,
  cursor: ReportCursorsTable,
  {
    answer,
    batch,
  }: { readonly answer: Extract<ReportAnswer, { acknowledged: true }>; readonly batch: readonly ReportEvent[] },
): Promise<void> {
  const { tenant_id: tenantId } = cursor;
  // With nothing after the cursor, what it lacks to the last number was deleted with its messages.
  await events.acknowledge(tenantId, batch.at(-1)?.seq ?? cursor.last_seq, {
    lastSyncAt: clock.now(),
    nextSyncAfter: answer.nextSyncAfter,
  });
  if (cursor.failures > 0) log.info({ tenantId, failures: cursor.failures }, 'report endpoint answers again');
  const { error, notFound } = answer;
  if (error.length + notFound.length > 0) {
    log.warn({ tenantId, error: error.length, notFound: notFound.length }, 'tenant acknowledged reports with errors');
  }
  if (batch.length === 0) return;
  metrics.reported(batch.length);
  onReported?.(tenantId, batch);
}
