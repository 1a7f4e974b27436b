// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { CoreSchema } from '../schema.ts';
import type { ReportCursorsTable } from './message-event.table.ts';

/** What a good answer leaves behind. Times in milliseconds. */
export interface Acknowledgement {
  readonly lastSyncAt: number;
  readonly nextSyncAfter: number | null;
}

/** What a failed call leaves behind. */
export interface CallFailure {
  /** Failed calls in a row, this one too. */
  readonly failures: number;
  /** Milliseconds. */
  readonly nextAttemptAt: number;
  /** For a person; never holds a secret. */
  readonly lastError: string;
}

/** How far the tenants that are told have been told. */
export interface ReportLag {
  /** Numbered events that were not acknowledged. */
  readonly unacknowledged: number;
  /** When the oldest of them happened, in milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** Tenants whose last call failed. */
  readonly failing: number;
}

/** What tells whether a tenant was called since. */
export type CursorState = Pick<ReportCursorsTable, 'tenant_id' | 'acked_seq' | 'next_attempt_at'>;

export interface ReportCursorStore {
  /** Null until the sequencer met the tenant. */
  cursor(tenantId: string): Promise<ReportCursorsTable | null>;
  /** Move the cursor, never back, and forget failures. */
  acknowledge(tenantId: string, ackedSeq: number, acknowledgement: Acknowledgement): Promise<void>;
  recordFailure(tenantId: string, failure: CallFailure): Promise<void>;
  /**
   * Set the time of the next call if the cursor still is as it was read; false when another instance was faster. An
   * instance that calls sets it to the latest end of its call, so that no other calls meanwhile. The time alone does
   * not tell: it is the same again after another instance's call.
   */
  moveNextAttempt(cursor: CursorState, to: number): Promise<boolean>;
  /** Tenants with numbered events that were not acknowledged. */
  tenantsToTell(): Promise<readonly string[]>;
  /** Tenants with an endpoint that was not called since `before` and may be called without news at `now`. */
  tenantsToGreet(before: number, now: number): Promise<readonly string[]>;
  /** Of tenants with an endpoint. */
  lag(): Promise<ReportLag>;
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
        acked_seq: sql<number>`case when acked_seq < ${p.acked_seq} then ${p.acked_seq} else acked_seq end`,
        last_sync_at: p.last_sync_at,
        next_sync_after: p.next_sync_after,
        failures: 0,
        next_attempt_at: 0,
        last_error: null,
      })
      .where('tenant_id', '=', p.tenant_id),
  );
  const fail = database.prepare<Pick<ReportCursorsTable, 'tenant_id' | 'failures' | 'next_attempt_at' | 'last_error'>>(
    (k, p) =>
      k
        .updateTable('report_cursors')
        .set({ failures: p.failures, next_attempt_at: p.next_attempt_at, last_error: p.last_error })
        .where('tenant_id', '=', p.tenant_id),
  );
  const move = database.prepare<{ tenant_id: string; acked_seq: number; from: number; to: number }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({ next_attempt_at: p.to })
      .where('tenant_id', '=', p.tenant_id)
      .where('acked_seq', '=', p.acked_seq)
      .where('next_attempt_at', '=', p.from),
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
  const lag = database.prepare<object, { unacknowledged: number; oldest_at: number | null; failing: number }>((k) =>
    k
      .selectFrom('report_cursors as c')
      .innerJoin('tenants as t', 't.id', 'c.tenant_id')
      .leftJoin('message_events as e', (join) =>
        join.onRef('e.tenant_id', '=', 'c.tenant_id').on('e.seq', '=', sql<number>`c.acked_seq + 1`),
      )
      .select([
        // A sum of bigint is numeric in PostgreSQL, which its driver gives as text.
        sql<number>`cast(coalesce(sum(c.last_seq - c.acked_seq), 0) as bigint)`.as('unacknowledged'),
        sql<number | null>`min(e.at)`.as('oldest_at'),
        sql<number>`count(case when c.failures > 0 then 1 end)`.as('failing'),
      ])
      .where('t.client_base_url', 'is not', null),
  );

  return {
    async cursor(tenantId) {
      const [row] = await database.read(find.bind({ tenant_id: tenantId }));
      return row ?? null;
    },
    async acknowledge(tenantId, ackedSeq, { lastSyncAt, nextSyncAfter }) {
      await database.write([
        acknowledge.bind({
          tenant_id: tenantId,
          acked_seq: ackedSeq,
          last_sync_at: lastSyncAt,
          next_sync_after: nextSyncAfter,
        }),
      ]);
    },
    async recordFailure(tenantId, { failures, nextAttemptAt, lastError }) {
      await database.write([
        fail.bind({ tenant_id: tenantId, failures, next_attempt_at: nextAttemptAt, last_error: lastError }),
      ]);
    },
    async moveNextAttempt({ tenant_id, acked_seq, next_attempt_at }, to) {
      const [moved] = await database.write([move.bind({ tenant_id, acked_seq, from: next_attempt_at, to })]);
      return moved.changes === 1;
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
      };
    },
  };
}
