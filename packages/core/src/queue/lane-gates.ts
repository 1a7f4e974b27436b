// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { AccountPausesTable } from '../entities/account/account.table.ts';
import { type AccountPause, isOver, type PauseReason, pauseOf } from '../entities/account/account-pause.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { ofNoSuspendedBatch } from './claim.ts';
import type { LaneKey } from './lanes.ts';
import { bucketMs, type LaneLimits, type RateWindow, windowsOf } from './rate-limits.ts';

/** Something that keeps a lane from sending, and until when; null until somebody opens it. */
export type Gate =
  | { readonly kind: 'instance_paused'; readonly scope: 'instance'; readonly until: null }
  | { readonly kind: 'tenant_suspended'; readonly scope: 'tenant'; readonly until: null }
  | {
      readonly kind: 'account_paused';
      readonly scope: 'account';
      /** Null where only a person ends it. */
      readonly until: number | null;
      readonly reason: PauseReason;
    }
  | {
      /** The pause is over, and one message goes first to show whether the account works: all others wait for that. */
      readonly kind: 'account_probe';
      readonly scope: 'account';
      readonly until: null;
      readonly reason: PauseReason;
    }
  | {
      readonly kind: 'rate_limited';
      readonly scope: 'account' | 'tenant';
      readonly windowMs: number;
      readonly limit: number;
      readonly until: number;
      /** What was sent alone leaves no room; otherwise what is in flight may fail yet and give its place back. */
      readonly isSpent: boolean;
    };

/** Reads what the claim enforces, with the reasons. */
export interface LaneGates {
  /**
   * Empty where the message that is next in the lane may be claimed at `now`, or any where none is ready.
   */
  read(lane: LaneKey & { readonly limits: LaneLimits | null }, now: number): Promise<readonly Gate[]>;
}

interface StateRow {
  readonly instance_paused: number | null;
  readonly tenant_suspended: number | null;
}
interface BucketRow {
  readonly scope: string;
  readonly window_ms: number;
  readonly bucket_at: number;
  readonly used: number;
}
interface HeadRow {
  readonly units: number;
}
interface FlightRow {
  readonly account_messages: number;
  readonly account_units: number;
  readonly tenant_messages: number;
  readonly tenant_units: number;
}

export function createLaneGates(db: Database<CoreSchema>): LaneGates {
  const state = db.prepare<{ tenant_id: string }, StateRow>((k, p) => ({
    compile: () =>
      sql<StateRow>`
        select
          (select max(paused_at) from ${sql.table('instance')}) as instance_paused,
          (select suspended_at from ${sql.table('tenants')} where id = ${p.tenant_id}) as tenant_suspended
      `.compile(k),
  }));
  const pauses = db.prepare<{ account_pk: string }, AccountPausesTable>((k, p) =>
    k.selectFrom('account_pauses').selectAll().where('account_pk', '=', p.account_pk),
  );
  const buckets = db.prepare<{ scope: string; now: number }, BucketRow>((k, p) =>
    k
      .selectFrom('rate_uses')
      .select(['scope', 'window_ms', 'bucket_at', 'used'])
      .where('scope', '=', p.scope)
      .where(sql<boolean>`bucket_at + window_ms > ${p.now}`),
  );
  const head = db.prepare<{ account_pk: string }, HeadRow>((k, p) =>
    k
      .selectFrom('messages')
      .select('units')
      .where('account_pk', '=', p.account_pk)
      .where('state', '=', sql.lit('ready'))
      .where(ofNoSuspendedBatch)
      .orderBy('rank')
      .orderBy('pk')
      .limit(sql.lit(1)),
  );
  const flights = db.prepare<{ account_pk: string; tenant_id: string }, FlightRow>((k, p) => ({
    compile: () =>
      sql<FlightRow>`
        select
          coalesce(sum(case when account_pk = ${p.account_pk} then 1 else 0 end), 0) as account_messages,
          coalesce(sum(case when account_pk = ${p.account_pk} then units else 0 end), 0) as account_units,
          coalesce(sum(case when tenant_id = ${p.tenant_id} then 1 else 0 end), 0) as tenant_messages,
          coalesce(sum(case when tenant_id = ${p.tenant_id} then units else 0 end), 0) as tenant_units
        from ${sql.table('messages')} where state = 'leased' and owner_session > 0
      `.compile(k),
  }));

  return {
    async read(lane, now) {
      const { accountPk, tenantId, limits } = lane;
      const key = { account_pk: accountPk, tenant_id: tenantId };
      const windows = windowsOf(lane, limits);
      const scopes = [...new Set(windows.map(({ scope }) => scope))];
      const [found, paused, first, flight, ...used] = await db.readAll<unknown>([
        state.bind(key),
        pauses.bind(key),
        ...(windows.length === 0 ? [] : [head.bind(key), flights.bind(key)]),
        ...scopes.map((scope) => buckets.bind({ scope, now })),
      ]);
      // readAll answers in the order of the statements; the row types are the builders'.
      const pause = paused?.rows[0] as AccountPausesTable | undefined;
      const gates = [
        ...stateGates(found?.rows[0] as StateRow),
        ...(pause === undefined ? [] : pauseGates(pauseOf(pause), now)),
      ];
      if (windows.length === 0) return gates;
      const inFlight = flight?.rows[0] as FlightRow;
      const units = (first?.rows[0] as HeadRow | undefined)?.units ?? 1;
      const rows = used.flatMap((result) => result.rows as readonly BucketRow[]);
      return [...gates, ...windows.flatMap((window) => rateGate(window, { rows, inFlight, units, now }))];
    },
  };
}

function stateGates(row: StateRow): readonly Gate[] {
  const gates: Gate[] = [];
  if (row.instance_paused !== null) gates.push({ kind: 'instance_paused', scope: 'instance', until: null });
  if (row.tenant_suspended !== null) gates.push({ kind: 'tenant_suspended', scope: 'tenant', until: null });
  return gates;
}

/** What a pause keeps from being sent at `now`; nothing where a person's is over. */
export function pauseGates(pause: AccountPause, now: number): readonly Gate[] {
  const { until, reason } = pause;
  if (isOver(pause, now)) return [];
  if (until === null || until > now) return [{ kind: 'account_paused', scope: 'account', until, reason }];
  return [{ kind: 'account_probe', scope: 'account', until: null, reason }];
}

interface Usage {
  readonly rows: readonly BucketRow[];
  readonly inFlight: FlightRow;
  /** Recipients of the message that is next. */
  readonly units: number;
  readonly now: number;
}

/** A window that has no room for the next message, and when it will have. */
function rateGate(window: RateWindow, { rows, inFlight, units, now }: Usage): readonly Gate[] {
  const { scope, windowMs, limit, scopeKind: kind } = window;
  const [needed, flying] =
    window.unit === 'recipient' ? [units, inFlight[`${kind}_units`]] : [1, inFlight[`${kind}_messages`]];
  // A message that is larger than the limit goes alone.
  const isRoom = (taken: number): boolean => taken === 0 || taken + needed <= limit;
  const buckets = rows
    .filter((row) => row.scope === scope && row.window_ms === windowMs)
    .toSorted((a, b) => a.bucket_at - b.bucket_at);
  /** When there is room besides what flies by then; null: never before that ends. */
  const roomAt = (stillFlying: number): number | null => {
    let taken = stillFlying + buckets.reduce((sum, { used }) => sum + used, 0);
    if (isRoom(taken)) return now;
    for (const { bucket_at: at, used } of buckets) {
      taken -= used;
      if (isRoom(taken)) return at + windowMs;
    }
    return null;
  };
  const withoutFlying = roomAt(0) ?? now;
  // What flies ends in its own time and may free its place at once, so that is looked at again soon.
  const until = roomAt(flying) ?? Math.max(withoutFlying, now + bucketMs(windowMs));
  if (until === now) return [];
  return [{ kind: 'rate_limited', scope: kind, windowMs, limit, until, isSpent: withoutFlying > now }];
}
