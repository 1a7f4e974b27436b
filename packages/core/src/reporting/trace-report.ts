// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { EventDetail } from '../entities/message-event/message-event.table.ts';
import type { Traced, Traces } from '../observability/traces.ts';
import type { Batch } from './batch.ts';

/** The span of a call that tells of traced messages; undefined where none of them is. */
export function traceReport(
  traces: Pick<Traces, 'report'> | undefined,
  tenantId: string,
  { items }: Pick<Batch, 'items'>,
): Traced | undefined {
  if (traces === undefined) return undefined;
  const traceparents = new Set(items.flatMap(({ row }) => traceparentIn(row.detail)));
  if (traceparents.size === 0) return undefined;
  return traces.report([...traceparents], { tenant_id: tenantId, events: items.length });
}

/** Most events have none, and are not parsed for it. */
function traceparentIn(detail: string): readonly string[] {
  if (!detail.includes('"traceparent":')) return [];
  // Written by settling from that type.
  const { traceparent } = JSON.parse(detail) as EventDetail;
  return traceparent === undefined ? [] : [traceparent];
}
