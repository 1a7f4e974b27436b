// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** What waits in one lane; each count stops at {@link MAX_COUNTED}. */
export interface LaneFigures {
  readonly account_pk: string;
  readonly ready: number;
  readonly preparing: number;
  readonly deferred: number;
  readonly held: number;
  readonly suspended: number;
  readonly in_doubt: number;
  /** Since when the messages have been due that go next, immediate ones and others; null where none is ready. */
  readonly immediate_due_at: number | null;
  readonly due_at: number | null;
  /** Recipients of the message that goes next. */
  readonly head_units: number | null;
  /** When the next of the deferred ones is due, and whether it was tried before. */
  readonly next_due_at: number | null;
  readonly is_retry: number | null;
}

/** What is claimed and not settled, by all instances. */
export interface InFlight {
  readonly account_pk: string;
  readonly tenant_id: string;
  readonly messages: number;
  readonly recipients: number;
}

export interface LaneFigureReads {
  /** In no order. */
  readonly figures: (accountPks: readonly string[]) => Promise<readonly LaneFigures[]>;
  readonly inFlight: () => Promise<readonly InFlight[]>;
}

/** A lane with more in one state costs no more than this many. */
export const MAX_COUNTED = 10_000;

/** In the words of the partial index, without which SQLite does not use it. */
const PARKED = sql`state in ('preparing', 'deferred', 'held', 'suspended', 'in_doubt')`;

/** Reads how lanes stand: in indexes that begin with the account, so that other lanes and mail that is over cost nothing. */
export function prepareLaneFigures(db: Database<CoreSchema>): LaneFigureReads {
  const messages = sql.table('messages');
  const ready = sql`account_pk = r.pk and state = 'ready'`;
  const parked = (state: MessageState): RawBuilder<unknown> =>
    sql`account_pk = r.pk and state = ${sql.lit(state)} and ${PARKED}`;
  const count = (which: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`(select count(*) from (select 1 from ${messages} where ${which} limit ${sql.lit(MAX_COUNTED)}) counted)`;
  const first = (value: RawBuilder<unknown>, which: RawBuilder<unknown>, order: RawBuilder<unknown>) =>
    sql`(select ${value} from ${messages} where ${which} order by ${order} limit 1)`;
  const byRank = sql`rank, pk`;
  const figures = db.prepare<{ pks: string }, LaneFigures>((k, p) => ({
    compile: () =>
      sql<LaneFigures>`
        select r.pk as account_pk,
          ${count(ready)} as ready,
          ${count(parked('preparing'))} as preparing,
          ${count(parked('deferred'))} as deferred,
          ${count(parked('held'))} as held,
          ${count(parked('suspended'))} as suspended,
          ${count(parked('in_doubt'))} as in_doubt,
          ${first(sql`eligible_at`, sql`${ready} and rank < 0`, byRank)} as immediate_due_at,
          ${first(sql`eligible_at`, sql`${ready} and rank >= 0`, byRank)} as due_at,
          ${first(sql`units`, ready, byRank)} as head_units,
          ${first(sql`eligible_at`, parked('deferred'), sql`eligible_at`)} as next_due_at,
          ${first(
            sql`case when attempts > 0 or last_error is not null then 1 else 0 end`,
            parked('deferred'),
            sql`eligible_at`,
          )} as is_retry
        from ${db.dialect.rows<{ pk: string }>(p.pks, { pk: 'text' })} r
      `.compile(k),
  }));
  const inFlight = db.prepare<object, InFlight>((k) =>
    k
      .selectFrom('messages')
      .select([
        'account_pk',
        'tenant_id',
        (eb) => eb.fn.countAll<number>().as('messages'),
        sql<number>`cast(sum(units) as bigint)`.as('recipients'),
      ])
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '>', sql.lit(0))
      .groupBy(['account_pk', 'tenant_id']),
  );
  return {
    figures: async (pks) =>
      pks.length === 0 ? [] : db.read(figures.bind({ pks: rowsJson(pks.map((pk) => ({ pk }))) })),
    inFlight: () => db.read(inFlight.bind({})),
  };
}
