// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { FinishedMail, MailOwner, NamedEnd } from '../entities/message/clear-mail.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { prepareLockMessages } from './lock-messages.ts';
import { prepareRetentionStatements } from './retention-statements.ts';

export interface FinishedMailOptions {
  /** How long the id of a removed message stays taken, in milliseconds. */
  readonly idsMs: number;
  /** Whether every tenant is told, though it has no endpoint. */
  readonly isEveryoneTold: boolean;
}

const MAX_COUNT = 10_000;
/** As large as a time and a sequence get. */
const ANY = Number.MAX_SAFE_INTEGER;

interface OwnerInput {
  readonly tenant_id: string;
  readonly account_pk: string | null;
}

export function createFinishedMail(
  db: Database<CoreSchema>,
  { idsMs, isEveryoneTold }: FinishedMailOptions,
): FinishedMail {
  const retention = prepareRetentionStatements(db);
  const lock = prepareLockMessages(db);
  const messages = sql.table('messages');
  const raw = <Input, Row = unknown>(build: (p: Input) => RawBuilder<unknown>) =>
    db.prepare<Input, Row>((k, p) => ({ compile: () => (build(p) as RawBuilder<Row>).compile(k) }));
  const ofOwner = (p: OwnerInput) => sql`(select a.pk from ${sql.table('accounts')} a where a.tenant_id = ${p.tenant_id}
    and (cast(${p.account_pk} as text) is null or a.pk = cast(${p.account_pk} as text)))`;
  const waiting = raw<OwnerInput, { state: string; count: number }>(
    (p) => sql`select state, count(*) as count from ${messages}
      where account_pk in ${ofOwner(p)} and state <> 'final' group by state`,
  );
  // Both values of content_removed are named for the index, as in retention.
  const finished = raw<OwnerInput & { before: number; limit: number }, { pk: string }>(
    (p) => sql`select pk from ${messages}
      where account_pk in ${ofOwner(p)} and content_removed in (0, 1) and state = 'final' and final_at < ${p.before}
      limit ${p.limit}`,
  );
  // Of those that the tenant was told of alone, or the same untold ones would be found each time.
  const told = raw<OwnerInput & { before: number; acked_seq: number; limit: number }, { pk: string }>(
    (p) => sql`select m.pk from ${messages} m
      where m.account_pk in ${ofOwner(p)} and m.content_removed in (0, 1) and m.state = 'final' and m.final_at < ${p.before}
      and not exists (select 1 from ${sql.table('message_events')} e where e.message_pk = m.pk
        and (e.seq is null or e.seq > ${p.acked_seq}
          or exists (select 1 from ${sql.table('report_exceptions')} x where x.event_pk = e.pk)))
      limit ${p.limit}`,
  );
  // By what the tenant has not acknowledged. Events of an account itself are told after it is gone, but not after the tenant.
  const unreported = raw<OwnerInput & { everyone: number }, { count: number }>(
    (p) => sql`select count(*) as count from (
      select 1 from ${sql.table('message_events')} e
        join ${sql.table('tenants')} t on t.id = e.tenant_id
        left join ${sql.table('report_cursors')} c on c.tenant_id = e.tenant_id
        left join ${messages} m on m.pk = e.message_pk
      where e.tenant_id = ${p.tenant_id} and (e.seq is null or e.seq > coalesce(c.acked_seq, 0))
        and (cast(${p.everyone} as integer) = 1 or t.client_base_url is not null)
        and (cast(${p.account_pk} as text) is null or m.account_pk = cast(${p.account_pk} as text))
      union all
      select 1 from ${sql.table('report_exceptions')} x
        join ${sql.table('message_events')} e on e.pk = x.event_pk
        left join ${messages} m on m.pk = e.message_pk
      where x.tenant_id = ${p.tenant_id}
        and (cast(${p.account_pk} as text) is null or m.account_pk = cast(${p.account_pk} as text))
      limit ${sql.lit(MAX_COUNT)}
    ) untold`,
  );
  const acked = raw<{ tenant_id: string; everyone: number }, { acked_seq: number | null; is_told: number }>(
    (p) => sql`select c.acked_seq, case when cast(${p.everyone} as integer) = 1 or t.client_base_url is not null
        then 1 else 0 end as is_told
      from ${sql.table('tenants')} t left join ${sql.table('report_cursors')} c on c.tenant_id = t.id
      where t.id = ${p.tenant_id}`,
  );
  const removeAny = raw<{ rows: string }>(
    (p) => sql`delete from ${messages} where state = 'final'
      and pk in (select r.pk from ${db.dialect.rows<{ pk: string }>(p.rows, { pk: 'text' })} r)`,
  );
  // One may have been written before the message was removed by name.
  const forgetEnds = raw<{ rows: string }>(
    (p) => sql`delete from ${sql.table('message_ends')}
      where message_pk in (select r.pk from ${db.dialect.rows<{ pk: string }>(p.rows, { pk: 'text' })} r)`,
  );
  const everyone = isEveryoneTold ? 1 : 0;
  const inputOf = ({ tenantId, accountPk }: MailOwner): OwnerInput => ({ tenant_id: tenantId, account_pk: accountPk });

  return {
    async waiting(owner) {
      const found = await db.read(waiting.bind(inputOf(owner)));
      return Object.fromEntries(found.map(({ state, count }) => [state, count]));
    },
    async unreported(owner) {
      const [row] = await db.read(unreported.bind({ ...inputOf(owner), everyone }));
      return row?.count ?? 0;
    },
    async remove(owner, { isTold, now, limit, endedBefore: before = ANY }) {
      const [cursor] = await db.read(acked.bind({ tenant_id: owner.tenantId, everyone }));
      const acked_seq = cursor?.acked_seq ?? 0;
      const keepsUntold = isTold && cursor?.is_told === 1;
      const found = await db.read(
        keepsUntold
          ? told.bind({ ...inputOf(owner), before, acked_seq, limit })
          : finished.bind({ ...inputOf(owner), before, limit }),
      );
      if (found.length === 0) return 0;
      const rows = rowsJson(found.map(({ pk }) => ({ pk })));
      const results = await db.write([
        ...lock(found),
        retention.writeEnds.bind({ rows, now, forget_at: now + idsMs }),
        keepsUntold
          ? retention.removeMessages.bind({ rows, before, written_before: ANY, acked_seq })
          : removeAny.bind({ rows }),
        retention.removeCaptured.bind({ rows }),
      ]);
      return results.at(-2)?.changes ?? 0;
    },
    async removeNamed(named, now) {
      if (named.length === 0) return 0;
      const rowsWhere = (isWanted: (end: NamedEnd) => boolean): string =>
        rowsJson(named.filter(isWanted).map(({ pk }) => ({ pk })));
      const results = await db.write([
        ...lock(named),
        retention.writeEnds.bind({ rows: rowsWhere(({ isSent }) => isSent), now, forget_at: now + idsMs }),
        forgetEnds.bind({ rows: rowsWhere(({ isSent }) => !isSent) }),
        removeAny.bind({ rows: rowsWhere(() => true) }),
        retention.removeCaptured.bind({ rows: rowsWhere(() => true) }),
      ]);
      return results.at(-2)?.changes ?? 0;
    },
  };
}
