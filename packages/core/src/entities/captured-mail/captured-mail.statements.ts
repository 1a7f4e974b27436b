// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared, Statement } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { CapturedMailsTable } from './captured-mail.table.ts';

/** Between addresses: none has it in it. */
export const BETWEEN = '\n';

/** A captured mail as it is read: with the name its account has for the client, and those whom it was for. */
export interface CapturedRow extends Omit<CapturedMailsTable, 'account_pk'> {
  readonly account_id: string;
  /** Joined by {@link BETWEEN}, in the order of the envelope. */
  readonly recipients: string;
}

/** Which mails: all that is given has to match. */
export interface CapturedFilter {
  /** Exact address. */
  readonly recipient?: string | undefined;
  /** The client's id of the message, or its primary key. */
  readonly messageId?: string | undefined;
  /** The client's id of the account, or its primary key. */
  readonly account?: string | undefined;
  /** Milliseconds; captured at this time or later. */
  readonly since?: number | undefined;
}

interface PageInput {
  readonly tenant: string;
  readonly pk: string;
  readonly recipient: string;
  readonly message: string;
  readonly account: string;
  readonly since: number;
  readonly after: string;
  readonly rows: number;
}
type ConditionName = Exclude<keyof PageInput, 'rows'>;
type Given = { readonly [Name in ConditionName]?: PageInput[Name] | null | undefined };

export interface CapturedStatements {
  /** Newest first. */
  readonly page: (given: Given, rows: number) => Statement<CapturedRow>;
  readonly content: Prepared<
    { readonly pk: string; readonly tenant: string | null },
    { readonly bytes: Uint8Array; readonly sealed_as: string | null }
  >;
  readonly remove: Prepared<{ readonly pk: string; readonly tenant: string | null }, unknown>;
  readonly clear: Prepared<
    { readonly tenant: string | null; readonly account: string | null; readonly rows: number },
    unknown
  >;
  readonly removeOlder: Prepared<{ readonly before: number; readonly rows: number }, unknown>;
  readonly trim: Prepared<
    { readonly tenant: string; readonly messages: number; readonly bytes: number; readonly rows: number },
    unknown
  >;
  readonly tenants: Prepared<object, { readonly tenant_id: string }>;
  /** Messages of which something was captured, one after the other, and whether they are gone or their content is: 0 or 1. */
  readonly captors: Prepared<
    { readonly after: string; readonly rows: number },
    { readonly message_pk: string; readonly is_gone: number }
  >;
  /** Of those of the messages, `{ pk }`, that are gone, or whose content is. */
  readonly removeOfGone: Prepared<{ readonly rows: string }, unknown>;
}

export function prepareCapturedStatements(db: Database<CoreSchema>): CapturedStatements {
  const pages = new Map<string, Prepared<PageInput, CapturedRow>>();
  const preparePage = (names: readonly ConditionName[]) =>
    db.prepare<PageInput, CapturedRow>((k, p) =>
      k
        .selectFrom('captured_mails as c')
        .innerJoin('accounts as a', 'a.pk', 'c.account_pk')
        .select(['c.pk', 'c.tenant_id', 'c.message_pk', 'c.message_id', 'c.attempt', 'c.mail_from', 'c.size_bytes'])
        .select(['c.captured_at', 'c.summary', 'a.id as account_id'])
        .select(
          sql<string>`(select string_agg(r.address, ${sql.lit(BETWEEN)} order by r.position)
            from ${sql.table('captured_recipients')} r where r.mail_pk = c.pk)`.as('recipients'),
        )
        .where((eb) => eb.and(names.map((name) => conditionOf(name, p))))
        .orderBy('c.pk', 'desc')
        .limit(p.rows),
    );
  return {
    page(given, rows) {
      // Its keys are those of the type.
      const names = (Object.keys(given) as ConditionName[]).filter((name) => (given[name] ?? null) !== null);
      const key = names.join(',');
      const prepared = pages.get(key) ?? preparePage(names);
      pages.set(key, prepared);
      // A condition is used exactly where its value is given.
      return prepared.bind({ ...given, rows } as PageInput);
    },
    content: db.prepare((k, p) =>
      k
        .selectFrom('captured_contents as t')
        .innerJoin('captured_mails as c', 'c.pk', 't.mail_pk')
        .select(['t.bytes', 't.sealed_as'])
        .where('c.pk', '=', p.pk)
        .where(isOf(p.tenant)),
    ),
    remove: db.prepare((k, p) => k.deleteFrom('captured_mails as c').where('c.pk', '=', p.pk).where(isOf(p.tenant))),
    clear: db.prepare((k, p) =>
      k
        .deleteFrom('captured_mails')
        .where('pk', 'in', (eb) =>
          eb
            .selectFrom('captured_mails as c')
            .innerJoin('accounts as a', 'a.pk', 'c.account_pk')
            .select('c.pk')
            .where(isOf(p.tenant))
            .where(sql<boolean>`(cast(${p.account} as text) is null or a.id = ${p.account} or a.pk = ${p.account})`)
            .limit(p.rows),
        ),
    ),
    removeOlder: db.prepare((k, p) =>
      k
        .deleteFrom('captured_mails')
        .where('pk', 'in', (eb) =>
          eb
            .selectFrom('captured_mails')
            .select('pk')
            .where('captured_at', '<', p.before)
            .orderBy('captured_at')
            .limit(p.rows),
        ),
    ),
    // From the newest on, what is beyond either of the two.
    trim: db.prepare((k, p) => ({
      compile: () =>
        sql`
          delete from ${sql.table('captured_mails')} where pk in (
            select pk from (
              select pk, row_number() over newest as position, sum(size_bytes) over newest as total
              from ${sql.table('captured_mails')} where tenant_id = ${p.tenant}
              window newest as (order by pk desc)
            ) ranked where position > ${p.messages} or total > ${p.bytes}
            limit ${p.rows}
          )
        `.compile(k),
    })),
    tenants: db.prepare((k) => k.selectFrom('captured_mails').select('tenant_id').distinct()),
    captors: db.prepare((k, p) => ({
      compile: () =>
        sql<{ message_pk: string; is_gone: number }>`
          select c.message_pk, case when ${isGone('c')} then 1 else 0 end as is_gone from (
            select distinct message_pk from ${sql.table('captured_mails')} where message_pk > ${p.after}
            order by message_pk limit ${p.rows}
          ) c order by c.message_pk
        `.compile(k),
    })),
    removeOfGone: db.prepare((k, p) => ({
      compile: () =>
        sql`
          delete from ${sql.table('captured_mails')}
          where message_pk in (select r.pk from ${db.dialect.rows<{ pk: string }>(p.rows, { pk: 'text' })} r)
          and ${isGone('captured_mails')}
        `.compile(k),
    })),
  };
}

function isGone(captured: string): RawBuilder<boolean> {
  return sql<boolean>`not exists (select 1 from ${sql.table('messages')} m
    where m.pk = ${sql.ref(`${captured}.message_pk`)} and m.content_removed = 0)`;
}

function isOf(tenant: string | null): RawBuilder<boolean> {
  return sql<boolean>`(cast(${tenant} as text) is null or c.tenant_id = cast(${tenant} as text))`;
}

function conditionOf(name: ConditionName, p: PageInput): RawBuilder<boolean> {
  switch (name) {
    case 'tenant':
      return sql<boolean>`c.tenant_id = ${p.tenant}`;
    case 'pk':
      return sql<boolean>`c.pk = ${p.pk}`;
    case 'recipient':
      return sql<boolean>`c.pk in (
        select mail_pk from ${sql.table('captured_recipients')} where address = ${p.recipient})`;
    case 'message':
      return sql<boolean>`(c.message_id = ${p.message} or c.message_pk = ${p.message})`;
    case 'account':
      return sql<boolean>`(a.id = ${p.account} or a.pk = ${p.account})`;
    case 'since':
      return sql<boolean>`c.captured_at >= ${p.since}`;
    case 'after':
      return sql<boolean>`c.pk < ${p.after}`;
    default:
      return name satisfies never;
  }
}
