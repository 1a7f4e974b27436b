// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportCursorsTable } from '../entities/message-event/message-event.table.ts';
import type { OpenExceptions, ReportExceptionStore } from '../entities/report/report-exception.store.ts';
import { type Batch, makeBatch } from './batch.ts';

export interface BatchOptions {
  readonly open: OpenExceptions;
  /** What is due at this time is offered. Milliseconds. */
  readonly now: number;
  /** Events. */
  readonly maxBatch: number;
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Whether what is behind the cursor is told only once there is nothing after it. @defaultValue false */
  readonly isFreshFirst?: boolean;
}

/**
 * Find what is told next: of what was refused or is replayed what is due, half of the call at most, then what comes after
 * the cursor. A batch that was begun and not answered is made again as it was.
 */
export async function nextBatch(
  exceptions: Pick<ReportExceptionStore, 'offerable' | 'fresh'>,
  cursor: ReportCursorsTable,
  { open, now, maxBatch, maxBytes, isFreshFirst = false }: BatchOptions,
): Promise<Batch> {
  const { tenant_id: tenantId, acked_seq: after, last_seq, batch_at, batch_to } = cursor;
  const at = batch_at ?? now;
  const end = batch_to === null ? last_seq : Math.max(after, batch_to);
  const offered = Math.max(1, Math.floor(maxBatch / 2));
  const isPassed = open.open === 0 || (isFreshFirst && after < end);
  const due = isPassed ? [] : await exceptions.offerable(tenantId, at, offered);
  const room = maxBatch - due.length;
  const fresh = room <= 0 || end <= after ? [] : await exceptions.fresh(tenantId, { after, to: end }, room);
  // With nothing after the cursor, what it lacks to the last number was deleted with its messages.
  const to = room <= 0 ? after : fresh.length < room ? end : (fresh.at(-1)?.seq ?? end);
  const hasMore = to < last_seq || (due.length === offered && open.open > due.length);
  return makeBatch({ exceptions: due, fresh, to, at, maxBytes, hasMore });
}
