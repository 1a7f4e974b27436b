// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { ReportCursorsTable } from '../entities/message-event/message-event.table.ts';
import type { BatchExtent } from '../entities/message-event/report-cursor.store.ts';
import { breakerOf } from '../entities/report/breaker.ts';
import { isMailProxyError } from '../errors.ts';
import { type Batch, emptyBatch } from './batch.ts';
import { nextBatch } from './next-batch.ts';
import { giveUpOld, heldRows, recordFailure, recordSuccess } from './record-call.ts';
import { SUSPECT_FAILURES } from './report-backoff.ts';
import type { ReportAnswer } from './report-protocol.ts';
import type { CallResult, ReportTarget } from './report-transport.ts';
import type { ReporterParts } from './reporter-parts.ts';
import { PLAIN_TURN, type Turn, type TurnEnd } from './tenant-schedule.ts';
import { traceReport } from './trace-report.ts';

/** Events numbered in one unit: takes SQLite's writer some 10 ms, for which other writes wait. */
const SEQUENCE_LIMIT = 1_000;
/** Added to the time of a claimed call, so that it is over before another instance calls. */
const CLAIM_GRACE_MS = 5_000;
/** How often it is looked whether another instance's call is over. */
const CLAIM_POLL_MS = 1_000;
/** Calls that `queued` brings about at once; after as many without any news they come at this distance. */
const QUEUED_AT_ONCE = 10;
const QUEUED_PAUSE_MS = 1_000;

const QUIET: TurnEnd = { failing: false, next: null };

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
  const numbered = await numberEvents(parts, tenantId, turn);
  if (numbered === null) return QUIET;
  const { cursor, moreToNumber } = numbered;
  const target = await findTarget(parts, tenantId);
  if (target === null)
    return { failing: false, next: moreToNumber ? soon(parts, { ...PLAIN_TURN, fresh: true }) : null };
  if (cursor.disabled_at !== null) {
    await giveUpOld(parts, cursor);
    return { failing: false, next: moreToNumber ? soon(parts, { ...PLAIN_TURN, fresh: true }) : null };
  }
  return await callTenant(parts, { cursor, target, turn, moreToNumber, abandon });
}

type Target = ReportTarget | { readonly broken: string };

interface CallOptions {
  readonly cursor: ReportCursorsTable;
  readonly target: Target;
  readonly turn: Turn;
  readonly moreToNumber: boolean;
  readonly abandon: AbortSignal;
}

async function callTenant(parts: ReporterParts, options: CallOptions): Promise<TurnEnd> {
  const { clock, exceptions, settings, events } = parts;
  const { cursor, target, turn, moreToNumber, abandon } = options;
  const { tenant_id: tenantId } = cursor;
  const failing = cursor.failures > 0;
  const now = clock.now();
  const waitMs = cursor.next_attempt_at - now;
  if (waitMs > 0 && !turn.force && parts.claims.get(tenantId) !== cursor.next_attempt_at) {
    // Without a failure it is a call of another instance, which may be over long before.
    const ms = failing ? waitMs : Math.min(waitMs, CLAIM_POLL_MS);
    return { failing, next: after(parts, ms, { ...turn, fresh: moreToNumber }) };
  }

  const open = await exceptions.open(tenantId, now);
  // By hand, what was refused is offered before its time, too.
  const dueAt = turn.force ? Number.MAX_SAFE_INTEGER : now;
  const isSuspect = cursor.batch_failures >= SUSPECT_FAILURES;
  const found = isSuspect
    ? await nextBatch(exceptions, unpinned(cursor), { ...settings, maxBatch: 1, isFreshFirst: true, open, now: dueAt })
    : await nextBatch(exceptions, cursor, { ...settings, open, now: dueAt });
  const later = open.nextAt === null ? null : after(parts, open.nextAt - now, PLAIN_TURN);
  if (found.items.length === 0) {
    const isGone = cursor.batch_to !== null || (found.to > cursor.acked_seq && found.hasMore);
    if (found.held.length > 0 || isGone) return await skip(parts, cursor, found);
    if (!mayCallWithoutNews(turn, cursor, { now, intervalMs: settings.intervalMs })) return { failing, next: later };
  }
  const isProbe = found.items.length > 0 && !turn.force && !turn.isAnswering && breakerOf(cursor, now) === 'half_open';
  const isNews = found.items.length > 0 && !isProbe;
  const batch = isNews
    ? found
    : { ...emptyBatch(tenantId, `${cursor.calls}`), to: isProbe ? cursor.acked_seq : found.to };
  const claim = await claimCall(parts, cursor, { now, extent: isNews ? batch.extent : null });
  if (claim === 'lost') return { failing, next: after(parts, CLAIM_POLL_MS, turn) };

  const startedAt = clock.monotonic();
  const traced = traceReport(parts.traces, tenantId, batch);
  const told = { ...batch, traceparent: traced?.traceparent };
  const result =
    'broken' in target ? failed(target.broken) : await callWithTimeout(parts, { target, batch: told, abandon });
  const { answer } = result;
  traced?.end({ status: result.status ?? 0 }, answer.acknowledged ? null : answer.reason);
  if (!answer.acknowledged && abandon.aborted) {
    if (claim !== null) await events.moveNextAttempt({ ...cursor, next_attempt_at: claim }, cursor.next_attempt_at);
    parts.claims.delete(tenantId);
    return { failing, next: null };
  }
  const durationMs = clock.monotonic() - startedAt;
  const call = {
    cursor,
    target: 'broken' in target ? null : target,
    batch,
    isProbe,
    isSuspect,
    result,
    startedAt: now,
    durationMs,
  };
  if (!answer.acknowledged) {
    const delayMs = await recordFailure(parts, call, answer);
    parts.claims.delete(tenantId);
    const next = delayMs === null ? null : after(parts, delayMs, { ...PLAIN_TURN, fresh: moreToNumber });
    return { failing: true, next };
  }
  const mayFollow = await recordSuccess(parts, call, answer);
  parts.claims.delete(tenantId);
  if (isProbe) return { failing: true, next: soon(parts, { ...PLAIN_TURN, isAnswering: true }) };
  if (found.hasMore || mayFollow || moreToNumber) {
    return { failing: false, next: soon(parts, { ...PLAIN_TURN, fresh: moreToNumber }) };
  }
  return { failing: false, next: afterAnswer(parts, { answer, isNews, turn }) ?? later };
}

/** A batch that failed too often is not made again. */
function unpinned(cursor: ReportCursorsTable): ReportCursorsTable {
  return { ...cursor, batch_at: null, batch_to: null };
}

/** The turn that the tenant asked for; null where it asked for none. */
function afterAnswer(
  parts: ReporterParts,
  {
    answer,
    isNews,
    turn,
  }: {
    readonly answer: Extract<ReportAnswer, { readonly acknowledged: true }>;
    readonly isNews: boolean;
    readonly turn: Turn;
  },
): TurnEnd['next'] {
  // Who asks not to be disturbed and to be called at once is not disturbed.
  const undisturbed = answer.nextSyncAfter !== null && answer.nextSyncAfter > parts.clock.now();
  if (answer.queued <= 0 || undisturbed) return null;
  const queuedInARow = isNews ? 1 : turn.queuedInARow + 1;
  const pauseMs = queuedInARow > QUEUED_AT_ONCE ? QUEUED_PAUSE_MS : 0;
  return after(parts, pauseMs, { ...PLAIN_TURN, queuedInARow });
}

function after({ clock }: ReporterParts, ms: number, turn: Turn): NonNullable<TurnEnd['next']> {
  return { atMs: clock.monotonic() + ms, turn };
}

function soon(parts: ReporterParts, turn: Turn): NonNullable<TurnEnd['next']> {
  return after(parts, 0, turn);
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
async function findTarget({ targetOf, log }: ReporterParts, tenantId: string): Promise<Target | null> {
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

/** All that comes next has to wait for earlier events, or was deleted meanwhile: that needs no call. */
async function skip(parts: ReporterParts, cursor: ReportCursorsTable, batch: Batch): Promise<TurnEnd> {
  const { events, exceptions, write, clock } = parts;
  const end: TurnEnd = { failing: cursor.failures > 0, next: soon(parts, PLAIN_TURN) };
  try {
    await write([events.skip(cursor, batch.to), ...exceptions.keep(heldRows(batch, clock.now()))]);
  } catch (error) {
    // Another instance was faster.
    if (!isMailProxyError(error, 'conflict')) throw error;
  }
  return end;
}

/** Until when the call is ours; null where nobody else could make it. */
async function claimCall(
  { shared, events, settings, claims }: ReporterParts,
  cursor: ReportCursorsTable,
  { now, extent }: { readonly now: number; readonly extent: BatchExtent | null },
): Promise<number | null | 'lost'> {
  if (!shared) return null;
  const until = now + settings.timeoutMs + CLAIM_GRACE_MS;
  // Before it is written: of a commit that breaks nobody knows.
  claims.set(cursor.tenant_id, until);
  if (await events.moveNextAttempt(cursor, until, extent)) return until;
  claims.delete(cursor.tenant_id);
  return 'lost';
}

async function callWithTimeout(
  { transport, clock, settings }: ReporterParts,
  call: { readonly target: ReportTarget; readonly batch: Batch; readonly abandon: AbortSignal },
): Promise<CallResult> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  using _timeout = clock.after(settings.timeoutMs, abort);
  call.abandon.addEventListener('abort', abort, { once: true });
  if (call.abandon.aborted) abort();
  try {
    return await transport(call.target, call.batch, controller.signal);
  } finally {
    call.abandon.removeEventListener('abort', abort);
  }
}

function failed(reason: string): CallResult {
  return { answer: { acknowledged: false, reason }, status: null, excerpt: null };
}
