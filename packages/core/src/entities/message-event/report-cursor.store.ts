// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { ReportCursorsTable } from './message-event.table.ts';

/** What a good answer leaves behind. Times in milliseconds. */
export interface Acknowledgement {
  readonly ackedSeq: number;
  readonly lastSyncAt: number;
  readonly nextSyncAfter: number | null;
  /** It was asked whether the endpoint answers again; what failed before is still to be told. @defaultValue false */
  readonly isProbe?: boolean;
}

/** What a failed call leaves behind. */
export interface CallFailure {
  readonly now: number;
  /** Failed calls in a row, this one too. */
  readonly failures: number;
  /** Of them, those that told something. */
  readonly batchFailures: number;
  /** Milliseconds. */
  readonly nextAttemptAt: number;
  /** For a person; never holds a secret. */
  readonly lastError: string;
  /** The endpoint is not called any more. */
  readonly isGone: boolean;
  /** What the call told; it comes again as it was. */
  readonly batch: BatchExtent | null;
}

/** What a batch is made of: events that were due at a time, and those up to a number. */
export interface BatchExtent {
  readonly at: number;
  readonly to: number;
}

/** How far the tenants that are told have been told. */
export interface ReportLag {
  /** Numbered events that were not acknowledged, refused ones included. */
  readonly unacknowledged: number;
  /** When the oldest of them happened, in milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** Tenants whose last call failed. */
  readonly failing: number;
  /** Tenants whose endpoint is not called any more. */
  readonly disabled: number;
}

/** What tells whether a tenant was called since. */
export type CursorState = Pick<ReportCursorsTable, 'tenant_id' | 'acked_seq' | 'next_attempt_at'>;

export interface ReportCursorStore {
  /** Null until the sequencer met the tenant. */
  cursor(tenantId: string): Promise<ReportCursorsTable | null>;
  /** For the unit that records a good answer: move the cursor, never back, and forget failures. */
  acknowledge(tenantId: string, acknowledgement: Acknowledgement): Statement;
  /** For the unit that records a failed call. */
  fail(tenantId: string, failure: CallFailure): Statement;
  /** For a unit: what lies before `to` needs no call. Fails with `conflict` where another instance moved the cursor. */
  skip(cursor: CursorState, to: number): Statement;
  /**
   * Set the time of the next call if the cursor still is as it was read; false when another instance was faster. An
   * instance that calls sets it to the latest end of its call, so that no other calls meanwhile, and says what it will
   * tell. The time alone does not tell: it is the same again after another instance's call.
   */
  moveNextAttempt(cursor: CursorState, to: number, batch?: BatchExtent | null): Promise<boolean>;
  /** Call a tenant's endpoint again that was gone or failed. False where there was no reason. */
  enable(tenantId: string): Promise<boolean>;
  /** Tenants with numbered events that were not acknowledged. */
  tenantsToTell(): Promise<readonly string[]>;
  /** Tenants with an endpoint that was not called since `before` and may be called without news at `now`. */
  tenantsToGreet(before: number, now: number): Promise<readonly string[]>;
  /** Of tenants with an endpoint. */
  lag(): Promise<ReportLag>;
  /** When the oldest event happened that a tenant with an endpoint has not acknowledged, in milliseconds; of all with null. */
  oldestUnacknowledged(tenantId: string | null): Promise<number | null>;
}

/** Nothing failed, and the endpoint is not gone. */
export const FORGIVEN = {
  failures: 0,
  batch_failures: 0,
  next_attempt_at: 0,
  last_error: null,
  failing_since: null,
  disabled_at: null,
  batch_at: null,
  batch_to: null,
} as const;

interface LagRow {
  readonly unacknowledged: number;
  readonly oldest_at: number | null;
  readonly failing: number;
  readonly disabled: number;
}

export function createReportCursorStore(database: Database<CoreSchema>): ReportCursorStore {
  const find = database.prepare<{ tenant_id: string }, ReportCursorsTable>((k, p) =>
    k.selectFrom('report_cursors').selectAll().where('tenant_id', '=', p.tenant_id),
  );
  const acknowledge = database.prepare<
    Pick<ReportCursorsTable, 'tenant_id' | 'acked_seq' | 'last_sync_at' | 'next_sync_after'>
  >((k, p) =>
    k
      .updateTable('report_cursors')
      .set({
        ...FORGIVEN,
        acked_seq: sql<number>`case when acked_seq < ${p.acked_seq} then ${p.acked_seq} else acked_seq end`,
        last_sync_at: p.last_sync_at,
        next_sync_after: p.next_sync_after,
        calls: sql<number>`calls + 1`,
      })
      .where('tenant_id', '=', p.tenant_id),
  );
  const probed = database.prepare<Pick<ReportCursorsTable, 'tenant_id' | 'last_sync_at' | 'next_sync_after'>>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({
        last_sync_at: p.last_sync_at,
        next_sync_after: p.next_sync_after,
        next_attempt_at: 0,
        calls: sql<number>`calls + 1`,
      })
      .where('tenant_id', '=', p.tenant_id),
  );
  const fail = database.prepare<
    Omit<
      ReportCursorsTable,
      'last_seq' | 'acked_seq' | 'last_sync_at' | 'next_sync_after' | 'calls' | 'failing_since'
    > & {
      readonly now: number;
    }
  >((k, p) =>
    k
      .updateTable('report_cursors')
      .set({
        failures: p.failures,
        batch_failures: p.batch_failures,
        next_attempt_at: p.next_attempt_at,
        last_error: p.last_error,
        failing_since: sql<number>`coalesce(failing_since, ${p.now})`,
        disabled_at: p.disabled_at,
        batch_at: p.batch_at,
        batch_to: p.batch_to,
        calls: sql<number>`calls + 1`,
      })
      .where('tenant_id', '=', p.tenant_id),
  );
  const skip = database.prepare<{ tenant_id: string; from: number; to: number }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({ acked_seq: p.to, batch_at: null, batch_to: null })
      .where('tenant_id', '=', p.tenant_id)
      .where('acked_seq', '=', p.from),
  );
  const move = database.prepare<{
    tenant_id: string;
    acked_seq: number;
    from: number;
    to: number;
    batch_at: number | null;
    batch_to: number | null;
  }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({
        next_attempt_at: p.to,
        batch_at: sql<number | null>`coalesce(${p.batch_at}, batch_at)`,
        batch_to: sql<number | null>`coalesce(${p.batch_to}, batch_to)`,
      })
      .where('tenant_id', '=', p.tenant_id)
      .where('acked_seq', '=', p.acked_seq)
      .where('next_attempt_at', '=', p.from),
  );
  const enable = database.prepare<{ tenant_id: string }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set(FORGIVEN)
      .where('tenant_id', '=', p.tenant_id)
      .where((eb) => eb.or([eb('disabled_at', 'is not', null), eb('failures', '>', 0)])),
  );
  const toTell = database.prepare<object, { tenant_id: string }>((k) =>
    k.selectFrom('report_cursors').select('tenant_id').whereRef('acked_seq', '<', 'last_seq'),
  );
  const toGreet = database.prepare<{ before: number; now: number }, { id: string }>((k, p) =>
    k
      .selectFrom('tenants as t')
      .leftJoin('report_cursors as c', 'c.tenant_id', 't.id')
      .select('t.id')
      .where('t.client_base_url', 'is not', null)
      .where((eb) => eb.or([eb('c.last_sync_at', 'is', null), eb('c.last_sync_at', '<=', p.before)]))
      .where((eb) => eb.or([eb('c.next_sync_after', 'is', null), eb('c.next_sync_after', '<=', p.now)])),
  );
  const lag = database.prepare<object, LagRow>((k) =>
    k
      .selectFrom('report_cursors as c')
      .innerJoin('tenants as t', 't.id', 'c.tenant_id')
      .leftJoin('message_events as e', (join) =>
        join.onRef('e.tenant_id', '=', 'c.tenant_id').on('e.seq', '=', sql<number>`c.acked_seq + 1`),
      )
      .select([
        // A sum of bigint is numeric in PostgreSQL, which its driver gives as text.
        sql<number>`cast(coalesce(sum(c.last_seq - c.acked_seq), 0) as bigint)
          + (select count(*) from ${sql.table('report_exceptions')})`.as('unacknowledged'),
        sql<number | null>`min(e.at)`.as('oldest_at'),
        sql<number>`count(case when c.failures > 0 then 1 end)`.as('failing'),
        sql<number>`count(c.disabled_at)`.as('disabled'),
      ])
      .where('t.client_base_url', 'is not', null),
  );
  const oldestOfTenant = database.prepare<{ tenant_id: string }, { at: number }>((k, p) =>
    k
      .selectFrom('report_cursors as c')
      .innerJoin('tenants as t', 't.id', 'c.tenant_id')
      .innerJoin('message_events as e', (join) =>
        join.onRef('e.tenant_id', '=', 'c.tenant_id').on('e.seq', '=', sql<number>`c.acked_seq + 1`),
      )
      .select('e.at')
      .where('c.tenant_id', '=', p.tenant_id)
      .where('t.client_base_url', 'is not', null),
  );

  return {
    async cursor(tenantId) {
      const [row] = await database.read(find.bind({ tenant_id: tenantId }));
      return row ?? null;
    },
    acknowledge(tenantId, { ackedSeq, lastSyncAt, nextSyncAfter, isProbe = false }) {
      const sync = { tenant_id: tenantId, last_sync_at: lastSyncAt, next_sync_after: nextSyncAfter };
      return isProbe ? probed.bind(sync) : acknowledge.bind({ ...sync, acked_seq: ackedSeq });
    },
    fail: (tenantId, { now, failures, batchFailures, nextAttemptAt, lastError, isGone, batch }) =>
      fail.bind({
        tenant_id: tenantId,
        now,
        failures,
        batch_failures: batchFailures,
        next_attempt_at: nextAttemptAt,
        last_error: lastError,
        disabled_at: isGone ? now : null,
        batch_at: batch?.at ?? null,
        batch_to: batch?.to ?? null,
      }),
    skip: ({ tenant_id, acked_seq }, to) => exactlyOne(skip.bind({ tenant_id, from: acked_seq, to }), 'conflict'),
    async moveNextAttempt({ tenant_id, acked_seq, next_attempt_at }, to, batch = null) {
      const [moved] = await database.write([
        move.bind({
          tenant_id,
          acked_seq,
          from: next_attempt_at,
          to,
          batch_at: batch?.at ?? null,
          batch_to: batch?.to ?? null,
        }),
      ]);
      return moved.changes === 1;
    },
    async enable(tenantId) {
      const [enabled] = await database.write([enable.bind({ tenant_id: tenantId })]);
      return enabled.changes === 1;
    },
    async tenantsToTell() {
      return (await database.read(toTell.bind({}))).map((row) => row.tenant_id);
    },
    async tenantsToGreet(before, now) {
      return (await database.read(toGreet.bind({ before, now }))).map((row) => row.id);
    },
    async lag() {
      const [row] = await database.read(lag.bind({}));
      return {
        unacknowledged: row?.unacknowledged ?? 0,
        oldestAt: row?.oldest_at ?? null,
        failing: row?.failing ?? 0,
        disabled: row?.disabled ?? 0,
      };
    },
    async oldestUnacknowledged(tenantId) {
      if (tenantId === null) return (await database.read(lag.bind({})))[0]?.oldest_at ?? null;
      return (await database.read(oldestOfTenant.bind({ tenant_id: tenantId })))[0]?.at ?? null;
    },
  };
}
