// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportCursorsTable } from '../entities/message-event/message-event.table.ts';
import type { CallDetail, GivenUpEventsTable, ReportExceptionsTable } from '../entities/report/report.table.ts';
import type { CallRecord } from '../entities/report/report-call.store.ts';
import { subjectOf } from '../entities/report/report-exception.store.ts';
import { isMailProxyError } from '../errors.ts';
import type { Batch, BatchItem } from './batch.ts';
import { type BatchVerdict, judgeBatch } from './judge-batch.ts';
import { callDelayMs, refusedDelayMs } from './report-backoff.ts';
import type { ReportAnswer } from './report-protocol.ts';
import type { CallResult, ReportTarget } from './report-transport.ts';
import type { ReporterParts } from './reporter-parts.ts';
import { NO_MESSAGES, type TakenMessages } from './take-messages.ts';

/** A call that is over. */
export interface EndedCall {
  /** As it was when the call began. */
  readonly cursor: ReportCursorsTable;
  /** Null where it could not be determined. */
  readonly target: ReportTarget | null;
  readonly batch: Batch;
  /** It only asked whether the endpoint answers again. */
  readonly isProbe: boolean;
  /** Batches failed so often that it told a single event. */
  readonly isSuspect: boolean;
  readonly result: CallResult;
  readonly startedAt: number;
  readonly durationMs: number;
}

type Acknowledged = Extract<ReportAnswer, { readonly acknowledged: true }>;
type Refused = Extract<ReportAnswer, { readonly acknowledged: false }>;

/** Ids of a kind that are kept of a call. */
const KEPT_IDS = 20;
/** Of messages that were rejected. */
const KEPT_REJECTIONS = 20;

/**
 * Record a good answer in one unit: the cursor, what is to be told again, the messages that came, and the call itself.
 *
 * @returns whether what is told again may be due at once
 */
export async function recordSuccess(parts: ReporterParts, call: EndedCall, answer: Acknowledged): Promise<boolean> {
  const { events, exceptions, calls, givenUp, metrics, log, clock, write, onReported } = parts;
  const { cursor, batch, isProbe } = call;
  const { tenant_id: tenantId } = cursor;
  const now = clock.now();
  const verdict = judgeBatch(batch.items, answer);
  const { kept, given } = afterRefusal(parts, verdict.refused, now);
  using messages = answer.messages.length === 0 ? NO_MESSAGES : await parts.takeMessages(tenantId, answer.messages);
  const head = [
    calls.record(recordOf(call, detailOf(answer, messages))),
    events.acknowledge(tenantId, {
      ackedSeq: batch.to,
      lastSyncAt: now,
      nextSyncAfter: answer.nextSyncAfter,
      isProbe,
    }),
    ...exceptions.told(tenantId, exceptionsIn([...verdict.told, ...given])),
    ...exceptions.keep([...kept, ...heldRows(batch, now)]),
    ...givenUp.record(given.map((item) => givenUpRow(item, now))),
  ];
  const results = await write([...head, ...messages.statements]);
  messages.stored(results.slice(head.length));

  if (cursor.failures > 0 && !isProbe)
    log.info({ tenantId, failures: cursor.failures }, 'report endpoint answers again');
  tellRefusals(parts, tenantId, { verdict, given: given.length, messages });
  metrics.called('acknowledged', call.durationMs);
  if (verdict.told.length > 0) {
    metrics.reported(verdict.told.map(({ row }) => now - row.at));
    onReported?.(
      tenantId,
      verdict.told.map(({ event }) => event),
    );
  }
  return verdict.refused.length + batch.held.length > 0 || batch.items.some(({ exception }) => exception !== null);
}

/**
 * Record a call that acknowledged nothing, and give up what was not taken for too long.
 *
 * @returns milliseconds until the next one; null where there is to be none
 */
export async function recordFailure(parts: ReporterParts, call: EndedCall, answer: Refused): Promise<number | null> {
  const { events, calls, exceptions, clock, random, log, metrics, write } = parts;
  const { cursor, batch } = call;
  const { tenant_id: tenantId } = cursor;
  const isEmpty = batch.items.length === 0;
  const failures = cursor.failures + 1;
  const batchFailures = cursor.batch_failures + (isEmpty ? 0 : 1);
  const { reason, retryAfterMs = null, isGone = false } = answer;
  const delayMs = callDelayMs({ failures, batchFailures, isEmpty, retryAfterMs }, random);
  const now = clock.now();
  const [alone] = batch.items;
  // The endpoint answers without news, and not to this event: the others go on without it.
  const isCulprit = call.isSuspect && alone !== undefined && !isGone && retryAfterMs === null;
  const passed = isCulprit ? afterRefusal(parts, [alone], now).kept : [];
  await write([
    calls.record(recordOf(call, {}, reason)),
    events.fail(tenantId, {
      now,
      failures,
      batchFailures,
      nextAttemptAt: now + delayMs,
      lastError: reason,
      isGone,
      batch: isEmpty ? pinned(cursor) : batch.extent,
    }),
    ...(isCulprit && batch.to > cursor.acked_seq ? [events.skip(cursor, batch.to)] : []),
    ...exceptions.keep(passed),
  ]);
  metrics.called('failed', call.durationMs);
  if (isGone) log.warn({ tenantId, reason }, 'report endpoint is gone and is not called any more');
  else log.warn({ tenantId, failures, delayMs, reason }, 'report call failed');
  await giveUpOld(parts, { ...cursor, failing_since: cursor.failing_since ?? now, last_error: reason });
  return isGone ? null : delayMs;
}

/** Give up what was not taken for too long by an endpoint that has failed for as long. */
export async function giveUpOld(
  { givenUp, makePk, clock, settings, metrics, log }: ReporterParts,
  cursor: ReportCursorsTable,
): Promise<void> {
  const { tenant_id: tenantId, failing_since: failingSince, last_error: lastError } = cursor;
  const now = clock.now();
  const before = now - settings.maxAgeMs;
  if (failingSince === null || failingSince > before) return;
  try {
    const count = await givenUp.giveUp(cursor, { pk: makePk(), now, before, reason: lastError ?? 'the calls failed' });
    if (count === 0) return;
    metrics.givenUp(count);
    log.error({ tenantId, events: count }, 'events are told no more: the tenant did not take them in time');
  } catch (error) {
    // Another instance was there first.
    if (!isMailProxyError(error, 'conflict')) throw error;
  }
}

/** The events that have to wait for earlier ones of their subjects. */
export function heldRows({ held }: Pick<Batch, 'held'>, now: number): readonly ReportExceptionsTable[] {
  return held.map((row) => ({
    event_pk: row.pk,
    tenant_id: row.tenant_id,
    seq: row.seq,
    subject: subjectOf(row),
    kind: 'held',
    attempts: 0,
    next_attempt_at: 0,
    created_at: now,
  }));
}

interface AfterRefusal {
  readonly kept: readonly ReportExceptionsTable[];
  readonly given: readonly BatchItem[];
}

/** Refused events come again, each subject's together, until they are too old. */
function afterRefusal(
  { settings, random }: Pick<ReporterParts, 'settings' | 'random'>,
  refused: readonly BatchItem[],
  now: number,
): AfterRefusal {
  const given: BatchItem[] = [];
  const kept: ReportExceptionsTable[] = [];
  for (const item of refused) {
    const { row, exception } = item;
    // What was held or replayed is refused for the first time.
    const createdAt = exception !== null && exception.attempts > 0 ? exception.created_at : now;
    const attempts = (exception?.attempts ?? 0) + 1;
    if (createdAt < now - settings.maxAgeMs) given.push(item);
    else {
      kept.push({
        event_pk: row.pk,
        tenant_id: row.tenant_id,
        seq: row.seq,
        subject: subjectOf(row),
        kind: 'refused',
        attempts,
        next_attempt_at: now + refusedDelayMs(attempts, random),
        created_at: createdAt,
      });
    }
  }
  return { kept, given };
}

function givenUpRow({ row }: BatchItem, now: number): GivenUpEventsTable {
  const { pk, tenant_id, seq } = row;
  return { pk, tenant_id, first_seq: seq, last_seq: seq, at: now, reason: 'the tenant refused it each time' };
}

function exceptionsIn(items: readonly BatchItem[]): readonly string[] {
  return items.filter(({ exception }) => exception !== null).map(({ row }) => row.pk);
}

/** What was begun before comes again as it was, whatever an empty call in between came to. */
function pinned({ batch_at: at, batch_to: to }: ReportCursorsTable) {
  return at === null || to === null ? null : { at, to };
}

function recordOf(call: EndedCall, detail: CallDetail, error: string | null = null): CallRecord {
  const { cursor, target, batch, result, startedAt, durationMs } = call;
  return {
    tenant_id: cursor.tenant_id,
    at: startedAt,
    host: URL.parse(target?.url ?? '')?.host ?? '',
    webhook_id: batch.id,
    events: batch.items.length,
    status: result.status,
    duration_ms: Math.round(durationMs),
    error,
    answer: result.excerpt,
    detail,
  };
}

function detailOf({ error, notFound }: Acknowledged, messages: TakenMessages): CallDetail {
  const { accepted, duplicates, rejected } = messages;
  return {
    ...(error.length === 0 ? {} : { refused: kept(error), refusedCount: error.length }),
    ...(notFound.length === 0 ? {} : { notFound: kept(notFound), notFoundCount: notFound.length }),
    ...(messages === NO_MESSAGES ? {} : { accepted, duplicates }),
    ...(rejected.length === 0 ? {} : { rejected: rejected.slice(0, KEPT_REJECTIONS), rejectedCount: rejected.length }),
  };
}

function kept(ids: readonly string[]): readonly string[] {
  return ids.slice(0, KEPT_IDS).map((id) => id.slice(0, 255).replaceAll('\u0000', '\ufffd').toWellFormed());
}

function tellRefusals(
  { log, metrics }: Pick<ReporterParts, 'log' | 'metrics'>,
  tenantId: string,
  {
    verdict,
    given,
    messages,
  }: { readonly verdict: BatchVerdict; readonly given: number; readonly messages: TakenMessages },
): void {
  const { refused, notFound, strange } = verdict;
  if (refused.length + notFound.length + strange > 0) {
    metrics.refused('refused', refused.length);
    metrics.refused('not_found', notFound.length);
    const counts = { refused: refused.length, notFound: notFound.length, strange };
    log.warn({ tenantId, ...counts }, 'tenant acknowledged reports with errors');
  }
  if (given > 0) {
    metrics.givenUp(given);
    log.error({ tenantId, events: given }, 'events are told no more: the tenant refused them for too long');
  }
  const { accepted, duplicates, rejected } = messages;
  metrics.answered('accepted', accepted);
  metrics.answered('duplicate', duplicates);
  metrics.answered('rejected', rejected.length);
  for (const { index, code, reason } of rejected.slice(0, KEPT_REJECTIONS)) {
    log.warn({ tenantId, index, code, reason }, 'a message in the answer of a tenant was rejected');
  }
}
