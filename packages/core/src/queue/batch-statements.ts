// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { SuspendedBatchesTable } from '../entities/tenant/tenant.table.ts';
import { stateAt } from './due-state.ts';
import { rankSql } from './rank-sql.ts';

export interface BatchInput {
  readonly tenant_id: string;
  readonly batch_code: string;
}

type MoveInput = BatchInput & { readonly now: number; readonly limit: number };

export interface MovedMessage {
  readonly account_pk: string;
  readonly tenant_id: string;
  readonly state: MessageState;
}

export interface BatchStatements {
  readonly suspend: Prepared<BatchInput & { readonly now: number }, unknown>;
  readonly activate: Prepared<BatchInput, unknown>;
  /** One row where there is such a tenant. */
  readonly countParkable: Prepared<BatchInput, { parkable: number }>;
  readonly one: Prepared<BatchInput, { one: number }>;
  readonly list: Prepared<BatchInput & { readonly only: string | null; readonly limit: number }, SuspendedBatchesTable>;
  /** Park what is preparing, ready or deferred, while the batch is suspended. */
  readonly park: Prepared<MoveInput, MovedMessage>;
  /** Let what is parked go on, while the batch is not suspended. */
  readonly free: Prepared<MoveInput, MovedMessage>;
  /** Batches that are suspended and have messages to park. */
  readonly notYetParked: Prepared<{ readonly limit: number }, BatchInput>;
  /** Batches that are not suspended and have parked messages. */
  readonly leftParked: Prepared<{ readonly limit: number }, BatchInput>;
}

export function prepareBatchStatements(db: Database<CoreSchema>, stepMs: number): BatchStatements {
  const mark = (p: BatchInput): RawBuilder<boolean> =>
    sql<boolean>`exists (
      select 1 from ${sql.table('suspended_batches')} where tenant_id = ${p.tenant_id} and batch_code = ${p.batch_code}
    )`;
  return {
    suspend: db.prepare((k, p) =>
      k
        .insertInto('suspended_batches')
        .columns(['tenant_id', 'batch_code', 'suspended_at'])
        .expression(
          k
            .selectFrom('tenants')
            .select([
              'id',
              sql<string>`cast(${p.batch_code} as text)`.as('code'),
              sql<number>`cast(${p.now} as bigint)`.as('at'),
            ])
            .where('id', '=', p.tenant_id),
        )
        // Suspended twice, it is suspended since the first time; the row counts as changed all the same.
        .onConflict((oc) =>
          oc
            .columns(['tenant_id', 'batch_code'])
            .doUpdateSet((eb) => ({ suspended_at: eb.ref('suspended_batches.suspended_at') })),
        ),
    ),
    activate: db.prepare((k, p) =>
      k.deleteFrom('suspended_batches').where('tenant_id', '=', p.tenant_id).where('batch_code', '=', p.batch_code),
    ),
    countParkable: db.prepare((k, p) =>
      k
        .selectFrom('tenants')
        .where('id', '=', p.tenant_id)
        .select(({ fn, selectFrom }) =>
          selectFrom('messages')
            .select(fn.countAll<number>().as('n'))
            .where('messages.tenant_id', '=', p.tenant_id)
            .where('messages.batch_code', '=', p.batch_code)
            // As the partial index says it.
            .where('messages.state', '<>', sql.lit('final'))
            .where(sql<boolean>`messages.state in ('preparing', 'ready', 'deferred')`)
            .as('parkable'),
        )
        .$castTo<{ parkable: number }>(),
    ),
    one: db.prepare((k, p) =>
      k
        .selectFrom('suspended_batches')
        .select(sql.lit(1).as('one'))
        .where('tenant_id', '=', p.tenant_id)
        .where('batch_code', '=', p.batch_code),
    ),
    list: db.prepare((k, p) =>
      k
        .selectFrom('suspended_batches')
        .selectAll()
        .where(sql<boolean>`(tenant_id, batch_code) > (${p.tenant_id}, ${p.batch_code})`)
        .where(sql<boolean>`(cast(${p.only} as text) is null or tenant_id = ${p.only})`)
        .orderBy('tenant_id')
        .orderBy('batch_code')
        .limit(p.limit),
    ),
    park: db.prepare((k, p) =>
      k
        .with(
          (cte) => cte('next').materialized(),
          (q) =>
            q
              .selectFrom('messages')
              .select('pk')
              .where('tenant_id', '=', p.tenant_id)
              .where('batch_code', '=', p.batch_code)
              // As the partial index says it.
              .where('state', '<>', sql.lit('final'))
              .where(sql<boolean>`state in ('preparing', 'ready', 'deferred')`)
              .where(mark(p))
              .limit(p.limit)
              .modifyEnd(db.dialect.claimLock),
        )
        .updateTable('messages')
        .set({ state: sql.lit('suspended'), owner_session: null, updated_at: p.now })
        .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
        .where(sql<boolean>`state in ('preparing', 'ready', 'deferred')`)
        .returning(['account_pk', 'tenant_id', 'state']),
    ),
    free: db.prepare((k, p) =>
      k
        .with(
          (cte) => cte('next').materialized(),
          (q) =>
            q
              .selectFrom('messages')
              .select('pk')
              .where('tenant_id', '=', p.tenant_id)
              .where('batch_code', '=', p.batch_code)
              .where('state', '<>', sql.lit('final'))
              .where('state', '=', sql.lit('suspended'))
              .where(sql<boolean>`not ${mark(p)}`)
              .limit(p.limit)
              .modifyEnd(db.dialect.claimLock),
        )
        .updateTable('messages')
        .set({
          state: stateAt(p.now),
          // By its own time, which for a message that was ready is the place that it had.
          rank: rankSql(sql.ref('eligible_at'), stepMs),
          updated_at: p.now,
        })
        .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
        .where('state', '=', sql.lit('suspended'))
        .returning(['account_pk', 'tenant_id', 'state']),
    ),
    notYetParked: db.prepare((k, p) =>
      k
        .selectFrom('suspended_batches as b')
        .select(['b.tenant_id', 'b.batch_code'])
        .where(
          sql<boolean>`exists (
            select 1 from ${sql.table('messages')} m
            where m.tenant_id = b.tenant_id and m.batch_code = b.batch_code
              and m.state <> 'final' and m.state in ('preparing', 'ready', 'deferred')
          )`,
        )
        .limit(p.limit),
    ),
    // From batch to batch through the index of their unfinished messages: a look-up or two a batch, not one a message.
    // The cross joins keep SQLite from beginning with all messages.
    leftParked: db.prepare((k, p) => ({
      compile: () =>
        sql<BatchInput>`
          with recursive batch(pk) as (
            select (
              select pk from ${sql.table('messages')} where batch_code is not null and state <> 'final'
              order by tenant_id, batch_code limit 1
            )
            union all
            select coalesce((
              select m.pk from ${sql.table('messages')} m
              where m.batch_code is not null and m.state <> 'final'
                and m.tenant_id = seen.tenant_id and m.batch_code > seen.batch_code
              order by m.batch_code limit 1
            ), (
              select m.pk from ${sql.table('messages')} m
              where m.batch_code is not null and m.state <> 'final' and m.tenant_id > seen.tenant_id
              order by m.tenant_id, m.batch_code limit 1
            ))
            from batch cross join ${sql.table('messages')} seen where seen.pk = batch.pk
          )
          select m.tenant_id, m.batch_code from batch cross join ${sql.table('messages')} m
          where m.pk = batch.pk and exists (
            select 1 from ${sql.table('messages')} s
            where s.tenant_id = m.tenant_id and s.batch_code = m.batch_code
              and s.state <> 'final' and s.state = 'suspended'
          ) and not exists (
            select 1 from ${sql.table('suspended_batches')} b
              where b.tenant_id = m.tenant_id and b.batch_code = m.batch_code
          )
          limit ${p.limit}
        `.compile(k),
    })),
  };
}
