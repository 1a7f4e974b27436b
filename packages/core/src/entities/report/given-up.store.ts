// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import type { ReportCursorsTable } from '../message-event/message-event.table.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { GivenUpEventsTable } from './report.table.ts';

export interface GiveUp {
  /** Key of the record. */
  readonly pk: string;
  readonly now: number;
  /** What happened before is given up. Milliseconds. */
  readonly before: number;
  readonly reason: string;
}

/** Events that a tenant is told no more, unless it asks for them. */
export interface GivenUpStore {
  /**
   * Give up the oldest of what the tenant did not acknowledge.
   *
   * @returns how many
   * @throws {MailProxyError} `conflict`: its cursor was moved meanwhile
   */
  giveUp(cursor: Pick<ReportCursorsTable, 'tenant_id' | 'acked_seq' | 'last_seq'>, options: GiveUp): Promise<number>;
  /** For the unit that moves the cursor: single events that were refused for too long. */
  record(rows: readonly GivenUpEventsTable[]): readonly Statement[];
  /** For the unit that replays: what lies within the range is not given up any more. */
  forget(tenantId: string, range: { readonly first: number; readonly last: number }): Statement;
  /** In the order in which their events happened. */
  list(tenantId: string, paging: Paging): Promise<Page<GivenUpEventsTable>>;
}

const ROW = {
  pk: 'text',
  tenant_id: 'text',
  first_seq: 'bigint',
  last_seq: 'bigint',
  at: 'bigint',
  reason: 'text',
} as const;

// Object.keys forgets which keys there are.
const COLUMNS = Object.keys(ROW) as readonly (keyof typeof ROW)[];

export function createGivenUpStore(database: Database<CoreSchema>): GivenUpStore {
  const { rows } = database.dialect;
  // Along the sequence, so that no more is read than is given up.
  const younger = database.prepare<{ tenant_id: string; after: number; before: number }, { seq: number }>((k, p) =>
    k
      .selectFrom('message_events')
      .select((eb) => eb.ref('seq').$notNull().as('seq'))
      .where('tenant_id', '=', p.tenant_id)
      .where('seq', '>', p.after)
      .where('at', '>=', p.before)
      .orderBy('seq')
      .limit(1),
  );
  const insert = database.prepare<{ rows: string }>((k, p) =>
    k
      .insertInto('given_up_events')
      .columns([...COLUMNS])
      .expression((eb) =>
        eb
          .selectFrom(rows<GivenUpEventsTable>(p.rows, ROW).as('r'))
          .select([...COLUMNS])
          .where(sql<boolean>`true`),
      )
      // It was replayed, and given up again.
      .onConflict((oc) =>
        oc.column('pk').doUpdateSet((eb) => ({ at: eb.ref('excluded.at'), reason: eb.ref('excluded.reason') })),
      ),
  );
  const move = database.prepare<{ tenant_id: string; from: number; to: number }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({ acked_seq: p.to, batch_at: null, batch_to: null })
      .where('tenant_id', '=', p.tenant_id)
      .where('acked_seq', '=', p.from),
  );
  const copyExceptions = database.prepare<{ tenant_id: string; before: number; now: number; reason: string }>((k, p) =>
    k
      .insertInto('given_up_events')
      .columns([...COLUMNS])
      .expression((eb) =>
        eb
          .selectFrom('report_exceptions as x')
          .select(['x.event_pk as pk', 'x.tenant_id', 'x.seq as first_seq', 'x.seq as last_seq'])
          .select([eb.val(p.now).as('at'), eb.val(p.reason).as('reason')])
          .where('x.tenant_id', '=', p.tenant_id)
          .where('x.created_at', '<', p.before),
      )
      .onConflict((oc) =>
        oc.column('pk').doUpdateSet((eb) => ({ at: eb.ref('excluded.at'), reason: eb.ref('excluded.reason') })),
      ),
  );
  const removeExceptions = database.prepare<{ tenant_id: string; before: number }>((k, p) =>
    k.deleteFrom('report_exceptions').where('tenant_id', '=', p.tenant_id).where('created_at', '<', p.before),
  );
  const forget = database.prepare<{ tenant_id: string; first: number; last: number }>((k, p) =>
    k
      .deleteFrom('given_up_events')
      .where('tenant_id', '=', p.tenant_id)
      .where('first_seq', '>=', p.first)
      .where('last_seq', '<=', p.last),
  );
  const list = database.prepare<{ tenant_id: string; after: string; rows: number }, GivenUpEventsTable>((k, p) =>
    k
      .selectFrom('given_up_events')
      .selectAll()
      .where('tenant_id', '=', p.tenant_id)
      .where('pk', '>', p.after)
      .orderBy('pk')
      .limit(p.rows),
  );
  const record = (given: readonly GivenUpEventsTable[]): readonly Statement[] =>
    given.length === 0 ? [] : [insert.bind({ rows: rowsJson(given) })];

  return {
    async giveUp({ tenant_id, acked_seq, last_seq }, { pk, now, before, reason }) {
      const [first] = await database.read(younger.bind({ tenant_id, after: acked_seq, before }));
      const to = first === undefined ? last_seq : first.seq - 1;
      const backlog =
        to <= acked_seq
          ? []
          : [
              exactlyOne(move.bind({ tenant_id, from: acked_seq, to }), 'conflict'),
              ...record([{ pk, tenant_id, first_seq: acked_seq + 1, last_seq: to, at: now, reason }]),
            ];
      const results = await database.write([
        copyExceptions.bind({ tenant_id, before, now, reason }),
        removeExceptions.bind({ tenant_id, before }),
        ...backlog,
      ]);
      return (results[1]?.changes ?? 0) + Math.max(0, to - acked_seq);
    },
    record,
    forget: (tenantId, range) => forget.bind({ tenant_id: tenantId, ...range }),
    async list(tenantId, paging) {
      const found = await database.read(list.bind({ tenant_id: tenantId, ...pageInput(paging) }));
      return pageFrom(found, paging.limit, (row) => row.pk);
    },
  };
}
