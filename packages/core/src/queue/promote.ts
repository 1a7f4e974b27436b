// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { dueState } from './due-state.ts';
import { rankSql } from './rank-sql.ts';

export interface Promoted {
  readonly account_pk: string;
  readonly tenant_id: string;
  readonly state: MessageState;
}

export interface Promotion {
  /** Let up to `limit` deferred messages go on whose time has come; tells their lanes and states, with repeats. */
  promote(now: number, limit: number): Promise<readonly Promoted[]>;
  /** When the next deferred message is due; null if none waits. */
  nextDueAt(): Promise<number | null>;
}

/** Deferred messages lie outside the ready index, so that a backlog of them costs a claim nothing. */
export function preparePromotion(db: Database<CoreSchema>, stepMs: number): Promotion {
  const promote = db.prepare<{ now: number; limit: number }, Promoted>((k, p) => {
    // Materialized for the same reason as in a claim.
    return k
      .with(
        (cte) => cte('due').materialized(),
        (q) =>
          q
            .selectFrom('messages')
            .select('pk')
            .where('state', '=', sql.lit('deferred'))
            .where('eligible_at', '<=', p.now)
            .orderBy('eligible_at')
            .limit(p.limit)
            .modifyEnd(db.dialect.claimLock),
      )
      .updateTable('messages')
      .set({
        state: dueState,
        rank: rankSql(sql.ref('eligible_at'), stepMs),
        updated_at: p.now,
      })
      .where('pk', 'in', (eb) => eb.selectFrom('due').select('due.pk'))
      .where('state', '=', sql.lit('deferred'))
      .returning(['account_pk', 'tenant_id', 'state']);
  });
  const next = db.prepare<object, { due: number | null }>((k) =>
    k
      .selectFrom('messages')
      .select((eb) => eb.fn.min<number | null>('eligible_at').as('due'))
      .where('state', '=', sql.lit('deferred')),
  );
  return {
    async promote(now, limit) {
      const [result] = await db.write([promote.bind({ now, limit })]);
      return result.rows;
    },
    async nextDueAt() {
      const [row] = await db.read(next.bind({}));
      return row?.due ?? null;
    },
  };
}
