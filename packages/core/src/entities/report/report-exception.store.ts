// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { Statement } from '../../database/statement.ts';
import { EVENT_COLUMNS, EVENT_NAMES, type NumberedEventRow } from '../message-event/message-event.store.ts';
import type { CoreSchema } from '../schema.ts';
import type { ReportExceptionsTable } from './report.table.ts';

/** An event behind the cursor that may be told now. */
export type ExceptionRow = NumberedEventRow & Pick<ReportExceptionsTable, 'kind' | 'attempts' | 'created_at'>;

/** An event after the cursor. */
export type FreshEventRow = NumberedEventRow & {
  /** 1: an earlier event of its subject is still to be told. */
  readonly is_held: number;
};

/** What is behind the cursor and still to be told. */
export interface OpenExceptions {
  readonly open: number;
  /** When one of those that wait now may be told, milliseconds; null when none waits. */
  readonly nextAt: number | null;
}

/** The events that a tenant's cursor passed over: they are told again, or later, each subject in its order. */
export interface ReportExceptionStore {
  open(tenantId: string, now: number): Promise<OpenExceptions>;
  /** Up to `limit` of those that are due, none before an earlier one of its subject that is not. */
  offerable(tenantId: string, now: number, limit: number): Promise<readonly ExceptionRow[]>;
  /** Up to `limit` events numbered after `after` and up to `to`, in order. */
  fresh(tenantId: string, range: { after: number; to: number }, limit: number): Promise<readonly FreshEventRow[]>;
  /** Tenants with one that is due. */
  tenantsWithDue(now: number): Promise<readonly string[]>;
  /** For the unit that moves the cursor: these were told. */
  told(tenantId: string, eventPks: readonly string[]): readonly Statement[];
  /** For the unit that moves the cursor: these are told later. One that is kept already stays as it is if it is held. */
  keep(rows: readonly ReportExceptionsTable[]): readonly Statement[];
}

/** What an event is about: those of one subject are told in their order. */
export function subjectOf(row: Pick<NumberedEventRow, 'pk' | 'message_pk' | 'account_pk'>): string {
  return row.message_pk ?? row.account_pk ?? row.pk;
}

/** The same in SQL, of events `e`. */
export const subjectOfEvent: RawBuilder<string> = sql<string>`coalesce(e.message_pk, e.account_pk, e.pk)`;

const ROW = {
  event_pk: 'text',
  tenant_id: 'text',
  seq: 'bigint',
  subject: 'text',
  kind: 'text',
  attempts: 'integer',
  next_attempt_at: 'bigint',
  created_at: 'bigint',
} as const;

// Object.keys forgets which keys there are.
const COLUMNS = Object.keys(ROW) as readonly (keyof typeof ROW)[];

export function createReportExceptionStore(database: Database<CoreSchema>): ReportExceptionStore {
  const { rows } = database.dialect;
  const open = database.prepare<{ tenant_id: string; now: number }, { open: number; next_at: number | null }>((k, p) =>
    k
      .selectFrom('report_exceptions')
      .select((eb) => [
        eb.fn.countAll<number>().as('open'),
        sql<number | null>`min(case when next_attempt_at > ${p.now} then next_attempt_at end)`.as('next_at'),
      ])
      .where('tenant_id', '=', p.tenant_id),
  );
  const offerable = database.prepare<{ tenant_id: string; now: number; limit: number }, ExceptionRow>((k, p) =>
    k
      .selectFrom('report_exceptions as x')
      .innerJoin('message_events as e', 'e.pk', 'x.event_pk')
      .leftJoin('messages as m', 'm.pk', 'e.message_pk')
      .leftJoin('accounts as a', (join) => join.on(sql<boolean>`a.pk = coalesce(m.account_pk, e.account_pk)`))
      .select(EVENT_COLUMNS)
      .select(EVENT_NAMES)
      .select(['x.seq', 'x.kind', 'x.attempts', 'x.created_at'])
      .where('x.tenant_id', '=', p.tenant_id)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('report_exceptions as y')
              .select('y.event_pk')
              .whereRef('y.tenant_id', '=', 'x.tenant_id')
              .whereRef('y.subject', '=', 'x.subject')
              .whereRef('y.seq', '<=', 'x.seq')
              .where('y.next_attempt_at', '>', p.now),
          ),
        ),
      )
      .orderBy('x.seq')
      .limit(p.limit),
  );
  const fresh = database.prepare<{ tenant_id: string; after: number; to: number; limit: number }, FreshEventRow>(
    (k, p) =>
      k
        .selectFrom('message_events as e')
        .leftJoin('messages as m', 'm.pk', 'e.message_pk')
        .leftJoin('accounts as a', (join) => join.on(sql<boolean>`a.pk = coalesce(m.account_pk, e.account_pk)`))
        .select(EVENT_COLUMNS)
        .select(EVENT_NAMES)
        .select((eb) => eb.ref('e.seq').$notNull().as('seq'))
        .select(
          sql<number>`case when exists (
            select 1 from ${sql.table('report_exceptions')} x where x.tenant_id = e.tenant_id and x.subject = ${subjectOfEvent}
          ) then 1 else 0 end`.as('is_held'),
        )
        .where('e.tenant_id', '=', p.tenant_id)
        .where('e.seq', '>', p.after)
        .where('e.seq', '<=', p.to)
        .orderBy('e.seq')
        .limit(p.limit),
  );
  const due = database.prepare<{ now: number }, { tenant_id: string }>((k, p) =>
    k.selectFrom('report_exceptions').select('tenant_id').distinct().where('next_attempt_at', '<=', p.now),
  );
  const told = database.prepare<{ tenant_id: string; rows: string }>((k, p) =>
    k
      .deleteFrom('report_exceptions')
      .where('tenant_id', '=', p.tenant_id)
      .where('event_pk', 'in', (eb) =>
        eb.selectFrom(rows<{ event_pk: string }>(p.rows, { event_pk: 'text' }).as('r')).select('r.event_pk'),
      ),
  );
  const keep = database.prepare<{ rows: string }>((k, p) =>
    k
      .insertInto('report_exceptions')
      .columns([...COLUMNS])
      .expression((eb) =>
        eb
          .selectFrom(rows<ReportExceptionsTable>(p.rows, ROW).as('r'))
          .select([...COLUMNS])
          // One whose message was deleted meanwhile is told no more.
          .where(sql<boolean>`exists (select 1 from ${sql.table('message_events')} e where e.pk = r.event_pk)`),
      )
      .onConflict((oc) =>
        oc
          .column('event_pk')
          .doUpdateSet((eb) => ({
            kind: eb.ref('excluded.kind'),
            attempts: eb.ref('excluded.attempts'),
            next_attempt_at: eb.ref('excluded.next_attempt_at'),
            created_at: eb.ref('excluded.created_at'),
          }))
          .where('excluded.kind', '=', sql.lit('refused')),
      ),
  );

  return {
    async open(tenantId, now) {
      const [row] = await database.read(open.bind({ tenant_id: tenantId, now }));
      return { open: row?.open ?? 0, nextAt: row?.next_at ?? null };
    },
    offerable: (tenantId, now, limit) => database.read(offerable.bind({ tenant_id: tenantId, now, limit })),
    fresh: (tenantId, range, limit) => database.read(fresh.bind({ tenant_id: tenantId, ...range, limit })),
    async tenantsWithDue(now) {
      return (await database.read(due.bind({ now }))).map((row) => row.tenant_id);
    },
    told(tenantId, eventPks) {
      if (eventPks.length === 0) return [];
      return [told.bind({ tenant_id: tenantId, rows: rowsJson(eventPks.map((event_pk) => ({ event_pk }))) })];
    },
    keep: (kept) => (kept.length === 0 ? [] : [keep.bind({ rows: rowsJson(kept) })]),
  };
}
