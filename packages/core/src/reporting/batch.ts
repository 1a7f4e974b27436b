// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { BatchExtent } from '../entities/message-event/report-cursor.store.ts';
import type { ExceptionRow, FreshEventRow } from '../entities/report/report-exception.store.ts';
import { type ReportEvent, toReportEvent } from './report-protocol.ts';

/** One event of a batch. */
export interface BatchItem {
  readonly row: ExceptionRow | FreshEventRow;
  /** Null where it is told for the first time. */
  readonly exception: ExceptionRow | null;
  readonly event: ReportEvent;
}

/** What one call tells. */
export interface Batch {
  /** In the order of their numbers. */
  readonly items: readonly BatchItem[];
  /** Events up to this number are in it, or were told, or are held. */
  readonly to: number;
  /** Events that have to wait for an earlier one of their subject. */
  readonly held: readonly FreshEventRow[];
  /** What it is made of, so that it can be made again. */
  readonly extent: BatchExtent;
  readonly id: string;
  readonly json: string;
  /** There may be more to tell at once. */
  readonly hasMore: boolean;
  /** The trace that the call belongs to. @defaultValue none */
  readonly traceparent?: string | undefined;
}

export interface BatchSource {
  /** Those that are due, and after them those after the cursor, each in order. */
  readonly exceptions: readonly ExceptionRow[];
  readonly fresh: readonly FreshEventRow[];
  /** The last number, if all of `fresh` goes. */
  readonly to: number;
  readonly at: number;
  readonly maxBytes: number;
  readonly hasMore: boolean;
}

const BEFORE = '{"delivery_report":[';
const AFTER = ']}';

/** Make a batch of no more than `maxBytes`; a single event that is larger goes alone. */
export function makeBatch({ exceptions, fresh, to, at, maxBytes, hasMore }: BatchSource): Batch {
  const items: BatchItem[] = [];
  const held: FreshEventRow[] = [];
  const json: string[] = [];
  let bytes = BEFORE.length + AFTER.length;
  const fits = (row: ExceptionRow | FreshEventRow, exception: ExceptionRow | null): boolean => {
    const event = toReportEvent(row);
    const text = JSON.stringify(event);
    const more = Buffer.byteLength(text) + 1;
    if (bytes + more > maxBytes && items.length > 0) return false;
    bytes += more;
    json.push(text);
    items.push({ row, exception, event });
    return true;
  };
  const left = exceptions.find((row) => !fits(row, row));
  let last = to;
  for (const row of left === undefined ? fresh : fresh.slice(0, 0)) {
    if (row.is_held === 1) held.push(row);
    else if (!fits(row, null)) {
      last = row.seq - 1;
      break;
    }
  }
  if (left !== undefined) last = (fresh[0]?.seq ?? to + 1) - 1;
  return {
    items,
    to: last,
    held,
    extent: { at, to: last },
    id: idOf(items),
    json: `${BEFORE}${json.join(',')}${AFTER}`,
    hasMore: hasMore || left !== undefined || last < to,
  };
}

/** A call without news; `since` tells it from others. */
export function emptyBatch(tenantId: string, since: string): Batch {
  return {
    items: [],
    to: 0,
    held: [],
    extent: { at: 0, to: 0 },
    id: webhookId([tenantId, since]),
    json: `${BEFORE}${AFTER}`,
    hasMore: false,
  };
}

/** The same for the same events, and another one when they are offered anew after a refusal, or replayed. */
function idOf(items: readonly BatchItem[]): string {
  return webhookId(
    items.map(({ row, exception }) =>
      exception === null ? row.pk : `${row.pk}/${exception.created_at}/${exception.attempts}`,
    ),
  );
}

/** 132 bits. */
const ID_CHARACTERS = 22;

function webhookId(parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `msg_${digest.slice(0, ID_CHARACTERS)}`;
}
