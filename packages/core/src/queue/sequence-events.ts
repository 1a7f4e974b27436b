// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Gives committed events their place in the tenant's sequence. */
export interface Sequencer {
  /**
   * Number up to `limit` events of a tenant; tells how many got a number. As many as `limit` means that more may wait.
   * Several instances may do this at once: each event gets one number, and no number is left out.
   */
  sequence(tenantId: string, limit: number): Promise<number>;
  /** Every tenant that has an event without a number. */
  tenantsWithFreshEvents(): Promise<string[]>;
}

/**
 * Events are numbered after their commit, not with it: two transactions that commit out of order would otherwise let
 * a reader by `after=<seq>` pass over the slower one. What is numbered is committed, and a reader skips nothing.
 */
export function createSequencer(database: Database<CoreSchema>): Sequencer {
  // Makes the tenant's row, or locks it: the next sequencer waits here, and its second statement then sees our numbers.
  const lock = database.prepare<{ tenant_id: string }>((k, p) =>
    k
      .insertInto('report_cursors')
      .columns(['tenant_id', 'last_seq', 'acked_seq', 'failures', 'next_attempt_at'])
      .expression(
        k
          .selectFrom('tenants')
          .select(['id', sql.lit(0).as('a'), sql.lit(0).as('b'), sql.lit(0).as('c'), sql.lit(0).as('d')])
          .where('id', '=', p.tenant_id),
      )
      .onConflict((oc) =>
        oc.column('tenant_id').doUpdateSet((eb) => ({ last_seq: eb.ref('report_cursors.last_seq') })),
      ),
  );
  // Two things keep a batch's cost from growing with the backlog. The limit stands inside, before the window. And the
  // tenant is a range: by equality SQLite prefers the index of (tenant_id, seq), and then sorts all that is fresh.
  const number = database.prepare<{ tenant_id: string; limit: number }>((k, p) => {
    const next = k
      .selectFrom('message_events')
      .select(['pk', 'tenant_id'])
      .where((eb) => eb.between('tenant_id', p.tenant_id, p.tenant_id))
      .where('seq', 'is', null)
      .orderBy('tenant_id')
      .orderBy('pk')
      .limit(p.limit)
      .as('next');
    const numbered = k
      .selectFrom(next)
      .innerJoin('report_cursors as cursor', 'cursor.tenant_id', 'next.tenant_id')
      .select(['next.pk', sql<number>`cursor.last_seq + row_number() over (order by next.pk)`.as('next_seq')])
      .as('numbered');
    return k
      .updateTable('message_events')
      .from(numbered)
      .set((eb) => ({ seq: eb.ref('numbered.next_seq') }))
      .whereRef('message_events.pk', '=', 'numbered.pk');
  });
  // Counts from the cursor on, since older events may be deleted by now.
  const advance = database.prepare<{ tenant_id: string }>((k, p) =>
    k
      .updateTable('report_cursors')
      .set({
        last_seq: sql<number>`coalesce((
          select max(e.seq) from ${sql.table('message_events')} e
          where e.tenant_id = report_cursors.tenant_id and e.seq > report_cursors.last_seq
        ), last_seq)`,
      })
      .where('tenant_id', '=', p.tenant_id),
  );
  // From tenant to tenant through the index of fresh events: a look-up a tenant, not one an event.
  const fresh = database.prepare<object, { tenant_id: string }>((k) => ({
    compile: () =>
      sql<{ tenant_id: string }>`
        with recursive fresh(tenant_id) as (
          select min(tenant_id) from ${sql.table('message_events')} where seq is null
          union all
          select (select min(e.tenant_id) from ${sql.table('message_events')} e
            where e.seq is null and e.tenant_id > fresh.tenant_id)
          from fresh where fresh.tenant_id is not null
        )
        select tenant_id from fresh where tenant_id is not null
      `.compile(k),
  }));

  return {
    async sequence(tenantId, limit) {
      const tenant = { tenant_id: tenantId };
      const [, numbered] = await database.write([
        lock.bind(tenant),
        number.bind({ ...tenant, limit }),
        advance.bind(tenant),
      ]);
      return numbered.changes;
    },
    async tenantsWithFreshEvents() {
      return (await database.read(fresh.bind({}))).map((row) => row.tenant_id);
    },
  };
}
