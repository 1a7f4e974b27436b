// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { ServerSession } from '../server-session.ts';

/** What is read of the answers that say how it goes. */

const text = v.nullable(v.string());
const figures = v.looseObject({
  accepted: v.number(),
  sent: v.number(),
  failed: v.number(),
  deferred: v.number(),
  bounced: v.number(),
  reported: v.number(),
});

export const statsAnswer = v.looseObject({
  now: v.string(),
  waiting: v.looseObject({
    total: v.number(),
    by_state: v.record(v.string(), v.number()),
    by_priority: v.record(v.string(), v.number()),
  }),
  oldest_due_at: text,
  rates: figures,
  series: v.array(v.looseObject({ at: v.string(), ...figures.entries })),
  report_lag_ms: v.number(),
});
export type StatsAnswer = v.InferOutput<typeof statsAnswer>;
/** One of the things that are counted. */
export type Figure = 'accepted' | 'sent' | 'deferred' | 'failed' | 'bounced' | 'reported';

const laneAnswer = v.looseObject({
  tenant_id: v.string(),
  account_id: v.string(),
  host: v.string(),
  state: v.string(),
  waiting_for: v.nullable(v.looseObject({ kind: v.string(), detail: text, until: text })),
  ready: v.number(),
  deferred: v.number(),
  held: v.number(),
  running: v.number(),
  connections: v.number(),
  oldest_due_at: text,
  limits: v.array(v.looseObject({ per: v.string(), limit: v.number(), used: v.number(), free_at: text })),
  last_minute: v.looseObject({ sent: v.number(), failed: v.number(), deferred: v.number() }),
});
export type LaneAnswer = v.InferOutput<typeof laneAnswer>;
const lanePage = v.looseObject({ items: v.array(laneAnswer), next: text });

export interface WhichLanes {
  readonly tenantId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly state?: string | undefined;
}

export interface Lanes {
  readonly lanes: readonly LaneAnswer[];
  /** There are more than are looked at. */
  readonly hasMore: boolean;
}

const PAGE = 100;
/** A screen shows some dozens; beyond this a filter is wanted. */
const MAX_LANES = 500;

/** The figures of the last minutes. */
export function readStats(server: ServerSession, tenant_id: string | undefined, minutes: number): Promise<StatsAnswer> {
  return server.get(statsAnswer, '/v1/stats', { tenant_id, minutes });
}

/** The lanes, as many as a person can look at. */
export async function readLanes(server: ServerSession, { tenantId, accountId, state }: WhichLanes): Promise<Lanes> {
  const lanes: LaneAnswer[] = [];
  let after: string | undefined;
  do {
    const query = { tenant_id: tenantId, account_id: accountId, state, after, limit: PAGE };
    const { items, next } = await server.get(lanePage, '/v1/lanes', query);
    lanes.push(...items);
    after = next ?? undefined;
  } while (after !== undefined && lanes.length < MAX_LANES);
  return { lanes, hasMore: after !== undefined };
}
