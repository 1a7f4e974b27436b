// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { CoreSchema } from '../schema.ts';
import { TRAFFIC_KINDS, type TrafficCounts, type TrafficMinutesTable } from './statistics.table.ts';

/** What was seen in a minute of one tenant. */
export interface TenantMinute extends TrafficCounts {
  readonly tenantId: string;
  readonly at: number;
}

/** What was seen in a minute, by one session or by all others together. */
export interface SeenMinute extends TrafficCounts {
  /** Milliseconds: where it begins. */
  readonly at: number;
  readonly is_own: number;
}

/** What happened in each minute. */
export interface TrafficStore {
  /** In one unit. Written again the same minutes are there once: those of tenants that are gone are left out. */
  write(session: number, minutes: readonly TenantMinute[]): Promise<void>;
  /** From a minute on, of a tenant or of all; two rows for a minute at most. */
  since(tenantId: string | null, from: number, session: number): Promise<readonly SeenMinute[]>;
  /** Delete up to `limit` rows of minutes before then. @returns how many */
  forget(before: number, limit: number): Promise<number>;
}

const COUNT_COLUMNS = Object.fromEntries(TRAFFIC_KINDS.map((kind) => [kind, 'bigint'])) as Record<
  (typeof TRAFFIC_KINDS)[number],
  'bigint'
>;
const ROW_COLUMNS = { at: 'bigint', session: 'bigint', ...COUNT_COLUMNS } as const;

export function createTrafficStore(db: Database<CoreSchema>): TrafficStore {
  const names = sql.join(TRAFFIC_KINDS.map((kind) => sql.ref(kind)));
  const excluded = sql.join(TRAFFIC_KINDS.map((kind) => sql`${sql.ref(kind)} = excluded.${sql.ref(kind)}`));
  const sums = sql.join(TRAFFIC_KINDS.map((kind) => sql`cast(sum(${sql.ref(kind)}) as bigint) as ${sql.ref(kind)}`));
  const { rows } = db.dialect;

  const writeTotals = db.prepare<{ rows: string }>((k, p) => ({
    compile: () =>
      // Without a condition SQLite takes "on conflict" for that of a join.
      sql`insert into ${sql.table('traffic_minutes')} (at, session, ${names})
        select at, session, ${names} from ${rows<TrafficMinutesTable>(p.rows, ROW_COLUMNS)} r where true
        on conflict (at, session) do update set ${excluded}`.compile(k),
  }));
  const writeTenants = db.prepare<{ rows: string }>((k, p) => ({
    compile: () =>
      sql`insert into ${sql.table('tenant_traffic_minutes')} (tenant_id, at, session, ${names})
        select r.tenant_id, at, session, ${names}
        from ${rows<TrafficMinutesTable & { tenant_id: string }>(p.rows, { tenant_id: 'text', ...ROW_COLUMNS })} r
        join ${sql.table('tenants')} t on t.id = r.tenant_id where true
        on conflict (tenant_id, at, session) do update set ${excluded}`.compile(k),
  }));
  const ofAll = db.prepare<{ from: number; session: number }, SeenMinute>((k, p) => ({
    compile: () =>
      sql<SeenMinute>`select at, case when session = ${p.session} then 1 else 0 end as is_own, ${sums}
        from ${sql.table('traffic_minutes')} where at >= ${p.from} group by 1, 2`.compile(k),
  }));
  const ofTenant = db.prepare<{ from: number; session: number; tenant_id: string }, SeenMinute>((k, p) => ({
    compile: () =>
      sql<SeenMinute>`select at, case when session = ${p.session} then 1 else 0 end as is_own, ${sums}
        from ${sql.table('tenant_traffic_minutes')}
        where tenant_id = ${p.tenant_id} and at >= ${p.from} group by 1, 2`.compile(k),
  }));
  const forgetTotals = db.prepare<{ before: number; limit: number }>((k, p) => ({
    compile: () => {
      const table = sql.table('traffic_minutes');
      return sql`delete from ${table} where (at, session) in (
        select at, session from ${table} where at < ${p.before} limit ${p.limit}
      )`.compile(k);
    },
  }));
  const forgetTenants = db.prepare<{ before: number; limit: number }>((k, p) => ({
    compile: () => {
      const table = sql.table('tenant_traffic_minutes');
      return sql`delete from ${table} where (tenant_id, at, session) in (
        select tenant_id, at, session from ${table} where at < ${p.before} limit ${p.limit}
      )`.compile(k);
    },
  }));

  return {
    async write(session, minutes) {
      if (minutes.length === 0) return;
      const totals = [...Map.groupBy(minutes, ({ at }) => at)].map(([at, group]) => ({
        at,
        session,
        ...Object.fromEntries(TRAFFIC_KINDS.map((kind) => [kind, sumOf(group, kind)])),
      }));
      const ofTenants = minutes.map(({ tenantId, ...minute }) => ({ tenant_id: tenantId, session, ...minute }));
      await db.write([writeTotals.bind({ rows: rowsJson(totals) }), writeTenants.bind({ rows: rowsJson(ofTenants) })]);
    },
    since: (tenantId, from, session) =>
      db.read(
        tenantId === null ? ofAll.bind({ from, session }) : ofTenant.bind({ from, session, tenant_id: tenantId }),
      ),
    async forget(before, limit) {
      const [totals, tenants] = await db.write([
        forgetTotals.bind({ before, limit }),
        forgetTenants.bind({ before, limit }),
      ]);
      return Math.max(totals.changes, tenants.changes);
    },
  };
}

function sumOf(minutes: readonly TenantMinute[], kind: (typeof TRAFFIC_KINDS)[number]): number {
  return minutes.reduce((sum, minute) => sum + minute[kind], 0);
}
