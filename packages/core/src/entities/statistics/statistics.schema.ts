// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { queryInteger, tenantId, timestamp } from '../../operations/fields.ts';

/** As far back as it is shown. */
export const MAX_MINUTES = 1_440;

export const statisticsInput = v.strictObject({
  /** Of one tenant; the operator sees all together without it. */
  tenant_id: v.optional(tenantId),
  /** How many minutes the series goes back, this one counted in. */
  minutes: v.optional(queryInteger(1, MAX_MINUTES), 60),
});

const traffic = {
  /** Messages stored for delivery. */
  accepted: v.number(),
  /** Messages that the relay took for at least one recipient. */
  sent: v.number(),
  /** Messages that ended without being delivered to anyone, cancelled ones left out. */
  failed: v.number(),
  /** Attempts that failed for now. */
  deferred: v.number(),
  /** Recipients from whom a message came back after the relay took it. */
  bounced: v.number(),
  /** Events that tenants acknowledged. */
  reported: v.number(),
};

export const statisticsOutput = v.object({
  now: timestamp,
  /** What is not final. Counted now and then where there is much of it. */
  waiting: v.object({
    total: v.number(),
    by_state: v.object({
      preparing: v.number(),
      ready: v.number(),
      leased: v.number(),
      deferred: v.number(),
      suspended: v.number(),
      held: v.number(),
      in_doubt: v.number(),
    }),
    by_priority: v.object({
      immediate: v.number(),
      high: v.number(),
      medium: v.number(),
      low: v.number(),
    }),
  }),
  /** Since when the message has been due that waits longest of those that are next in their lanes; null where none is ready. */
  oldest_due_at: v.nullable(timestamp),
  /** In the last minute; of other instances in the last full one. */
  rates: v.object(traffic),
  /** A row for each minute, the oldest first; the last is the one that runs. */
  series: v.array(v.object({ at: timestamp, ...traffic })),
  /** Age of the oldest event that a tenant with an endpoint has not acknowledged, in milliseconds; 0 where there is none. */
  report_lag_ms: v.number(),
});

export type StatisticsOutput = v.InferOutput<typeof statisticsOutput>;
