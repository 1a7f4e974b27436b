// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { CoreSchema } from '../schema.ts';
import type { GivenUpStore } from './given-up.store.ts';
import { subjectOfEvent } from './report-exception.store.ts';

/** Which of a tenant's events. Both ends are part of it. */
export interface ReplayRange {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Milliseconds: when they happened. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Of this message only. */
  readonly messagePk: string | null;
}

export interface ReplayStore {
  /**
   * Tell the events of a range again that the cursor passed over; those after it are told anyway. In units of 1,000.
   *
   * @returns how many there are, at most `limit`, and the last number that was looked at when there were more
   */
  replay(
    tenantId: string,
    range: ReplayRange,
    options: { readonly now: number; readonly limit: number },
  ): Promise<{ readonly events: number; readonly stoppedAt: number | null }>;
}

const UNIT = 1_000;

interface RangeInput {
  readonly tenant_id: string;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly first_at: number;
  readonly last_at: number;
  /** Empty for those of all messages and accounts. */
  readonly message_pk: string;
}

export function createReplayStore(database: Database<CoreSchema>, givenUp: Pick<GivenUpStore, 'forget'>): ReplayStore {
  const inRange = (p: RangeInput) => sql<boolean>`
    e.tenant_id = ${p.tenant_id} and e.seq >= ${p.first_seq} and e.seq <= ${p.last_seq}
    and e.at >= ${p.first_at} and e.at <= ${p.last_at}
    and (cast(${p.message_pk} as text) = '' or e.message_pk = ${p.message_pk})
    and e.seq <= (select c.acked_seq from ${sql.table('report_cursors')} c where c.tenant_id = e.tenant_id)`;
  const find = database.prepare<RangeInput & { readonly limit: number }, { seq: number }>((k, p) =>
    k
      .selectFrom('message_events as e')
      .select((eb) => eb.ref('e.seq').$notNull().as('seq'))
      .where(inRange(p))
      .orderBy('e.seq')
      .limit(p.limit),
  );
  const insert = database.prepare<RangeInput & { readonly now: number }>((k, p) =>
    k
      .insertInto('report_exceptions')
      .columns(['event_pk', 'tenant_id', 'seq', 'subject', 'kind', 'attempts', 'next_attempt_at', 'created_at'])
      .expression((eb) =>
        eb
          .selectFrom('message_events as e')
          .select((e) => ['e.pk as event_pk', 'e.tenant_id', e.ref('e.seq').$notNull().as('seq')])
          .select([
            subjectOfEvent.as('subject'),
            sql.lit('replay' as const).as('kind'),
            sql.lit(0).as('attempts'),
            eb.val(p.now).as('next_attempt_at'),
            eb.val(p.now).as('created_at'),
          ])
          .where(inRange(p)),
      )
      // It is to be told anyway.
      .onConflict((oc) => oc.column('event_pk').doNothing()),
  );

  return {
    async replay(tenantId, { firstSeq, lastSeq, firstAt, lastAt, messagePk }, { now, limit }) {
      const range = { tenant_id: tenantId, last_seq: lastSeq, first_at: firstAt, last_at: lastAt };
      const message = { message_pk: messagePk ?? '' };
      const whole = firstAt === 0 && lastAt === Number.MAX_SAFE_INTEGER && messagePk === null;
      let first = firstSeq;
      let events = 0;
      while (events < limit) {
        const rows = await database.read(
          find.bind({ ...range, ...message, first_seq: first, limit: Math.min(UNIT, limit - events) }),
        );
        const last = rows.at(-1)?.seq;
        if (last === undefined) return { events, stoppedAt: null };
        await database.write([
          insert.bind({ ...range, ...message, first_seq: first, last_seq: last, now }),
          ...(whole ? [givenUp.forget(tenantId, { first: firstSeq, last })] : []),
        ]);
        events += rows.length;
        first = last + 1;
      }
      return { events, stoppedAt: first - 1 };
    },
  };
}
