// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Rows } from './stored-rows.ts';

/** Finished messages of a tenant, the same for all steps. */
interface Old {
  readonly tenant_id: string;
  /** Milliseconds: those that ended before. */
  readonly before: number;
  readonly limit: number;
}

/** What must be true of a message before it goes, besides its age. */
interface Removable {
  /** Its end was written by then, in milliseconds. */
  readonly written_before: number;
  /** Its events have numbers up to this one. */
  readonly acked_seq: number;
}

export interface RetentionStatements {
  readonly tenants: Prepared<
    object,
    { readonly id: string; readonly retention: string | null; readonly is_told: number }
  >;
  /** When the oldest event happened that the tenant has not acknowledged; null when it has all. */
  readonly unacknowledged: Prepared<{ readonly tenant_id: string }, { readonly at: number | null }>;
  readonly withContent: Prepared<Old, { readonly pk: string }>;
  readonly markRemoved: Prepared<Rows, unknown>;
  /** Of messages that are marked. */
  readonly removeContents: Prepared<Rows, unknown>;
  readonly removeAttachments: Prepared<Rows, unknown>;
  readonly finished: Prepared<Old, { readonly pk: string }>;
  readonly writeEnds: Prepared<Rows & { readonly now: number; readonly forget_at: number }, unknown>;
  /** Messages that may go; their ends are renewed with them. */
  readonly ended: Prepared<Old & Removable, { readonly pk: string }>;
  readonly removeMessages: Prepared<Rows & Removable & { readonly before: number }, unknown>;
  /** What sandboxes captured of messages that are gone, or whose content is. */
  readonly removeCaptured: Prepared<Rows, unknown>;
  readonly oldEvents: Prepared<Old & { readonly acked_seq: number }, { readonly pk: string }>;
  readonly removeEvents: Prepared<Rows, unknown>;
  readonly acked: Prepared<{ readonly tenant_id: string }, { readonly acked_seq: number; readonly last_seq: number }>;
  /** Whose lines the command log has; null is nobody's. */
  readonly logged: Prepared<object, { readonly tenant_id: string | null }>;
  readonly removeLines: Prepared<
    { readonly tenant_id: string; readonly before_pk: string; readonly limit: number },
    unknown
  >;
  readonly removeOwnLines: Prepared<{ readonly before_pk: string; readonly limit: number }, unknown>;
  readonly forgetEnds: Prepared<{ readonly now: number; readonly limit: number }, unknown>;
}

/**
 * Of the messages `m` of an account of the tenant, through the index of all messages of an account. Both values of
 * `content_removed` are named, since it stands before the time in that index: what waits is not walked through.
 */
function oldMessages(p: Old, condition: RawBuilder<unknown>): RawBuilder<{ pk: string }> {
  return sql<{ pk: string }>`
    select m.pk from ${sql.table('messages')} m
    where m.account_pk in (select a.pk from ${sql.table('accounts')} a where a.tenant_id = ${p.tenant_id})
    and m.content_removed in (0, 1) and m.state = 'final' and m.final_at < ${p.before} and ${condition}
    limit ${p.limit}`;
}

export function prepareRetentionStatements(db: Database<CoreSchema>): RetentionStatements {
  const { rows } = db.dialect;
  const messages = sql.table('messages');
  const ends = sql.table('message_ends');
  const pks = (json: string) => sql`(select r.pk from ${rows<{ pk: string }>(json, { pk: 'text' })} r)`;
  // The tenant refused it, and is told again.
  const isRefused = sql`exists (select 1 from ${sql.table('report_exceptions')} x where x.event_pk = e.pk)`;
  // Nobody posts an id again that we chose.
  const mayGo = (p: Removable) => sql`(m.id = m.pk or exists (select 1 from ${ends} e
    where e.tenant_id = m.tenant_id and e.id = m.id and e.message_pk = m.pk and e.written_at <= ${p.written_before}))
    and not exists (select 1 from ${sql.table('message_events')} e
      where e.message_pk = m.pk and (e.seq is null or e.seq > ${p.acked_seq} or ${isRefused}))`;
  const raw = <Input, Row = unknown>(build: (p: Input) => RawBuilder<unknown>) =>
    db.prepare<Input, Row>((k, p) => ({ compile: () => (build(p) as RawBuilder<Row>).compile(k) }));
  return {
    tenants: raw(
      () => sql`select id, retention, case when client_base_url is null then 0 else 1 end as is_told
        from ${sql.table('tenants')} order by id`,
    ),
    // Nothing that happened later is done with: the numbered ones by their numbers, the fresh ones by their index.
    unacknowledged: raw(
      (p) => sql`select min(at) as at from (
        select e.at from ${sql.table('message_events')} e
          join ${sql.table('report_cursors')} c on c.tenant_id = e.tenant_id
          where e.tenant_id = ${p.tenant_id} and e.seq = c.acked_seq + 1
        union all
        select min(f.at) as at from ${sql.table('message_events')} f
          where f.tenant_id = ${p.tenant_id} and f.seq is null
        union all
        select min(r.at) as at from ${sql.table('report_exceptions')} x
          join ${sql.table('message_events')} r on r.pk = x.event_pk where x.tenant_id = ${p.tenant_id}
      ) oldest`,
    ),
    withContent: raw((p: Old) => oldMessages(p, sql`m.content_removed = 0`)),
    markRemoved: raw(
      (p) => sql`update ${messages} set content_removed = 1
        where pk in ${pks(p.rows)} and state = 'final' and content_removed = 0`,
    ),
    removeContents: raw(
      (p) => sql`delete from ${sql.table('message_contents')} where message_pk in (
        select m.pk from ${messages} m where m.pk in ${pks(p.rows)} and m.content_removed = 1)`,
    ),
    removeAttachments: raw(
      (p) => sql`delete from ${sql.table('message_attachments')} where message_pk in (
        select m.pk from ${messages} m where m.pk in ${pks(p.rows)} and m.content_removed = 1)`,
    ),
    finished: raw((p: Old) =>
      oldMessages(
        p,
        sql`m.id <> m.pk and not exists (select 1 from ${ends} e
          where e.tenant_id = m.tenant_id and e.id = m.id and e.message_pk = m.pk)`,
      ),
    ),
    writeEnds: raw(
      (p) => sql`insert into ${ends} (tenant_id, id, message_pk, result, final_at, written_at, forget_at)
        select m.tenant_id, m.id, m.pk, m.result, m.final_at, cast(${p.now} as bigint), cast(${p.forget_at} as bigint)
        from ${messages} m where m.pk in ${pks(p.rows)} and m.state = 'final' and m.id <> m.pk
        on conflict (tenant_id, id) do update set message_pk = excluded.message_pk, result = excluded.result,
          final_at = excluded.final_at, forget_at = excluded.forget_at, written_at = case when message_ends.message_pk = excluded.message_pk
            then message_ends.written_at else excluded.written_at end`,
    ),
    ended: raw((p) => oldMessages(p, mayGo(p))),
    removeMessages: raw(
      (p) => sql`delete from ${messages} where pk in (
        select m.pk from ${messages} m where m.pk in ${pks(p.rows)} and m.state = 'final'
        and m.final_at < ${p.before} and ${mayGo(p)})
        and state = 'final' and final_at < ${p.before}`,
    ),
    removeCaptured: raw(
      (p) => sql`delete from ${sql.table('captured_mails')} where message_pk in ${pks(p.rows)}
        and not exists (select 1 from ${messages} m
          where m.pk = captured_mails.message_pk and m.content_removed = 0)`,
    ),
    // The first of all, and of these the old ones: numbers and times rise together.
    oldEvents: raw(
      (p) => sql`select first.pk from (
        select e.pk, e.at from ${sql.table('message_events')} e
        where e.tenant_id = ${p.tenant_id} and e.seq <= ${p.acked_seq} and not ${isRefused}
        order by e.seq limit ${p.limit}
      ) first where first.at < ${p.before}`,
    ),
    removeEvents: raw((p) => sql`delete from ${sql.table('message_events')} where pk in ${pks(p.rows)}`),
    acked: raw(
      (p) => sql`select acked_seq, last_seq from ${sql.table('report_cursors')} where tenant_id = ${p.tenant_id}`,
    ),
    // From tenant to tenant through the index, as the sequencer does.
    logged: raw(
      () => sql`with recursive logged(tenant_id) as (
          select min(tenant_id) from ${sql.table('command_log')}
          union all
          select (select min(c.tenant_id) from ${sql.table('command_log')} c where c.tenant_id > logged.tenant_id)
          from logged where logged.tenant_id is not null
        )
        select tenant_id from logged`,
    ),
    removeLines: raw(
      (p) => sql`delete from ${sql.table('command_log')} where pk in (
        select c.pk from ${sql.table('command_log')} c
        where c.tenant_id = ${p.tenant_id} and c.pk < ${p.before_pk} order by c.pk limit ${p.limit})`,
    ),
    removeOwnLines: raw(
      (p) => sql`delete from ${sql.table('command_log')} where pk in (
        select c.pk from ${sql.table('command_log')} c
        where c.tenant_id is null and c.pk < ${p.before_pk} order by c.pk limit ${p.limit})`,
    ),
    // An end is for a message that is gone.
    forgetEnds: raw(
      (p) => sql`delete from ${ends} where (tenant_id, id) in (
        select e.tenant_id, e.id from ${ends} e where e.forget_at <= ${p.now} order by e.forget_at limit ${p.limit})
        and forget_at <= ${p.now}`,
    ),
  };
}
