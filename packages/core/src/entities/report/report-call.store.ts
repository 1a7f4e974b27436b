// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Statement } from '../../database/statement.ts';
import type { Page, Paging } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { CallDetail, ReportCallsTable } from './report.table.ts';

/** What is remembered of a call. */
export type CallRecord = Omit<ReportCallsTable, 'slot' | 'number' | 'detail'> & { readonly detail: CallDetail };

/** The last calls of each tenant's endpoint. */
export interface ReportCallStore {
  /** For the unit that records what came of the call; before the statement that counts it in the cursor. */
  record(call: CallRecord): Statement;
  /** Newest first. */
  list(tenantId: string, paging: Paging): Promise<Page<ReportCallsTable>>;
}

/** Calls kept of a tenant. */
export const KEPT_CALLS = 100;

export function createReportCallStore(database: Database<CoreSchema>): ReportCallStore {
  const record = database.prepare<Omit<ReportCallsTable, 'slot' | 'number'>>((k, p) =>
    k
      .insertInto('report_calls')
      .columns([
        'tenant_id',
        'slot',
        'number',
        'at',
        'host',
        'webhook_id',
        'events',
        'status',
        'duration_ms',
        'error',
        'answer',
        'detail',
      ])
      .expression((eb) =>
        eb
          .selectFrom('report_cursors as c')
          .select([
            'c.tenant_id',
            sql<number>`cast(c.calls % ${sql.lit(KEPT_CALLS)} as integer)`.as('slot'),
            sql<number>`c.calls + 1`.as('number'),
            eb.val(p.at).as('at'),
            eb.val(p.host).as('host'),
            eb.val(p.webhook_id).as('webhook_id'),
            eb.val(p.events).as('events'),
            eb.val(p.status).as('status'),
            eb.val(p.duration_ms).as('duration_ms'),
            eb.val(p.error).as('error'),
            eb.val(p.answer).as('answer'),
            eb.val(p.detail).as('detail'),
          ])
          .where('c.tenant_id', '=', p.tenant_id),
      )
      .onConflict((oc) =>
        oc.columns(['tenant_id', 'slot']).doUpdateSet((eb) => ({
          number: eb.ref('excluded.number'),
          at: eb.ref('excluded.at'),
          host: eb.ref('excluded.host'),
          webhook_id: eb.ref('excluded.webhook_id'),
          events: eb.ref('excluded.events'),
          status: eb.ref('excluded.status'),
          duration_ms: eb.ref('excluded.duration_ms'),
          error: eb.ref('excluded.error'),
          answer: eb.ref('excluded.answer'),
          detail: eb.ref('excluded.detail'),
        })),
      ),
  );
  const list = database.prepare<{ tenant_id: string; before: number; rows: number }, ReportCallsTable>((k, p) =>
    k
      .selectFrom('report_calls')
      .selectAll()
      .where('tenant_id', '=', p.tenant_id)
      .where('number', '<', p.before)
      .orderBy('number', 'desc')
      .limit(p.rows),
  );
  return {
    record: ({ detail, ...call }) => record.bind({ ...call, detail: JSON.stringify(detail) }),
    async list(tenantId, { limit, after }) {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
      const rows = await database.read(list.bind({ tenant_id: tenantId, before, rows: limit + 1 }));
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? String(items.at(-1)?.number) : null };
    },
  };
}
