// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared, Statement } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import { MESSAGE_COLUMNS, type MessageRow } from './message-row.ts';
import type { MessageResult, MessageState } from './message-state.ts';
import { domainOf } from './recipient-domain.ts';

/** Which messages: all that is given has to match. */
export interface MessageFilter {
  /** Primary key, or the client's id. */
  readonly reference?: string | undefined;
  readonly batchCode?: string | undefined;
  /** Primary key of the account, or the client's id of it. */
  readonly account?: string | undefined;
  readonly state?: MessageState | undefined;
  readonly result?: MessageResult | undefined;
  readonly priority?: number | undefined;
  /** Exact address. */
  readonly recipient?: string | undefined;
  readonly domain?: DomainPiece | undefined;
  /** The same, where it is few messages at each of which it is looked: in small letters. */
  readonly toDomain?: string | undefined;
  /** Primary keys from this one on. */
  readonly pkFrom?: string | undefined;
  /** Primary keys before this one. */
  readonly pkBefore?: string | undefined;
  /** Milliseconds; at this time or later. */
  readonly createdFrom?: number | undefined;
  /** Milliseconds; earlier than this. */
  readonly createdBefore?: number | undefined;
  /** Only what is not final. */
  readonly isOpen?: true | undefined;
  /** Only what is in sandboxes. */
  readonly isSandbox?: true | undefined;
}

/** Messages to a domain, in small letters, whose keys lie between two: others are not looked at. */
export interface DomainPiece {
  readonly name: string;
  readonly pkFrom: string;
  readonly pkBefore: string;
}

export interface MessagePage {
  readonly order: 'oldest first' | 'newest first';
  /** Primary key of the last row of the page before; null for the first page. */
  readonly after: string | null;
  readonly limit: number;
}

interface PageInput {
  readonly tenant: string;
  readonly reference: string;
  readonly batch_code: string;
  readonly account: string;
  readonly state: string;
  readonly result: string;
  readonly priority: number;
  readonly recipient: string;
  readonly domain: string;
  readonly to_domain: string;
  readonly pk_from: string;
  readonly pk_before: string;
  readonly created_from: number;
  readonly created_before: number;
  readonly after: string;
  readonly limit: number;
  /** Of the piece of a domain; given with it. */
  readonly domain_from: string;
  readonly domain_before: string;
}
type Unnamed = 'limit' | 'domain_from' | 'domain_before';
type GivenName = Exclude<keyof PageInput, Unnamed> | Flag;
type Flag = 'is_open' | 'is_sandbox';
type ConditionName = GivenName | 'open_batch';

/** In any reach and filter; what is null is no condition. */
type Given = { readonly [Name in Exclude<GivenName, Flag>]: PageInput[Name] | null } & {
  readonly [Name in Flag]: 1 | null;
};

/** Queries of messages that match a filter. */
export interface MessagePages {
  /** Binds the query of a page. */
  readonly bind: (tenantId: string | null, filter: MessageFilter, page: MessagePage) => Statement<MessageRow>;
  /** Binds the query of the primary key of the `count`-th newest. */
  readonly bindEdge: (
    tenantId: string | null,
    filter: MessageFilter,
    count: number,
  ) => Statement<{ readonly pk: string }>;
  /** Binds the query of how many there are in all. */
  readonly bindCount: (tenantId: string | null, filter: MessageFilter) => Statement<{ readonly count: number }>;
}

/**
 * Each set of conditions is a statement of its own, made when it is asked for the first time: with all of them in one,
 * as "is null or equal", neither database would use an index for any.
 */
export function prepareMessagePages(db: Database<CoreSchema>): MessagePages {
  const known = new Map<string, Prepared<Partial<PageInput>, MessageRow>>();
  const edges = new Map<string, Prepared<Partial<PageInput>, { readonly pk: string }>>();
  const counts = new Map<string, Prepared<Partial<PageInput>, { readonly count: number }>>();
  const preparePage = (names: readonly ConditionName[], order: MessagePage['order']) =>
    db.prepare<Partial<PageInput>, MessageRow>((k, input) => {
      // A condition is used exactly where its value is given.
      const p = input as PageInput;
      return k
        .selectFrom('messages')
        .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
        .select(MESSAGE_COLUMNS)
        .where((eb) => eb.and(names.map((name) => conditionOf(name, p, order))))
        .orderBy('messages.pk', order === 'oldest first' ? 'asc' : 'desc')
        .limit(p.limit);
    });

  const prepareEdge = (names: readonly ConditionName[]) =>
    db.prepare<Partial<PageInput>, { readonly pk: string }>((k, input) => {
      // As above.
      const p = input as PageInput;
      return k
        .selectFrom('messages')
        .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
        .select('messages.pk')
        .where((eb) => eb.and(names.map((name) => conditionOf(name, p, 'newest first'))))
        .orderBy('messages.pk', 'desc')
        .limit(sql.lit(1))
        .offset(p.limit);
    });

  const prepareCount = (names: readonly ConditionName[]) =>
    db.prepare<Partial<PageInput>, { readonly count: number }>((k, input) => {
      // As above.
      const p = input as PageInput;
      return k
        .selectFrom('messages')
        .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where((eb) => eb.and(names.map((name) => conditionOf(name, p, 'newest first'))));
    });

  return {
    bind(tenantId, filter, { order, after, limit }) {
      const given = givenBy(tenantId, filter, after);
      const names = namesOf(given);
      const key = [order, ...names].join(',');
      const prepared = known.get(key) ?? preparePage(names, order);
      known.set(key, prepared);
      return prepared.bind({ ...given, ...pieceOf(filter), limit } as PageInput);
    },
    bindEdge(tenantId, filter, count) {
      const given = givenBy(tenantId, filter, null);
      const names = namesOf(given);
      const key = names.join(',');
      const prepared = edges.get(key) ?? prepareEdge(names);
      edges.set(key, prepared);
      return prepared.bind({ ...given, ...pieceOf(filter), limit: count - 1 } as PageInput);
    },
    bindCount(tenantId, filter) {
      const given = givenBy(tenantId, filter, null);
      const names = namesOf(given);
      const key = names.join(',');
      const prepared = counts.get(key) ?? prepareCount(names);
      counts.set(key, prepared);
      return prepared.bind({ ...given, ...pieceOf(filter), limit: 0 } as PageInput);
    },
  };
}

function givenBy(tenantId: string | null, filter: MessageFilter, after: string | null): Given {
  return {
    tenant: tenantId,
    reference: filter.reference ?? null,
    batch_code: filter.batchCode ?? null,
    account: filter.account ?? null,
    state: filter.state ?? null,
    result: filter.result ?? null,
    priority: filter.priority ?? null,
    recipient: filter.recipient ?? null,
    domain: filter.domain?.name ?? null,
    to_domain: filter.toDomain ?? null,
    pk_from: filter.pkFrom ?? null,
    pk_before: filter.pkBefore ?? null,
    created_from: filter.createdFrom ?? null,
    created_before: filter.createdBefore ?? null,
    is_open: filter.isOpen === true ? 1 : null,
    is_sandbox: filter.isSandbox === true ? 1 : null,
    after,
  };
}

function pieceOf({ domain }: MessageFilter): Partial<PageInput> {
  return domain === undefined ? {} : { domain_from: domain.pkFrom, domain_before: domain.pkBefore };
}

function namesOf(given: Given): readonly ConditionName[] {
  // Its keys are those of the literal above.
  return conditionsOf((Object.keys(given) as GivenName[]).filter((name) => given[name] !== null));
}

/** What waits of a batch has an index of its own, which is small where the tenant has a long history. */
function conditionsOf(names: readonly GivenName[]): readonly ConditionName[] {
  const hasIndex = (['tenant', 'batch_code', 'is_open'] as const).every((name) => names.includes(name));
  return hasIndex ? names.map((name) => (name === 'batch_code' ? 'open_batch' : name)) : names;
}

function conditionOf(name: ConditionName, p: PageInput, order: MessagePage['order']): RawBuilder<boolean> {
  switch (name) {
    case 'tenant':
      return sql<boolean>`messages.tenant_id = ${p.tenant}`;
    case 'reference':
      // As two look-ups; joined by "or" they may end in a walk through all messages of the tenant.
      return sql<boolean>`messages.pk in (
        select pk from ${sql.table('messages')} where pk = ${p.reference}
        union all select pk from ${sql.table('messages')} where id = ${p.reference}
      )`;
    case 'batch_code':
      return sql<boolean>`messages.batch_code = ${p.batch_code}`;
    case 'open_batch':
      return sql<boolean>`messages.pk in (
        select pk from ${sql.table('messages')}
          where tenant_id = ${p.tenant} and batch_code = ${p.batch_code} and state <> 'final'
      )`;
    case 'account':
      return sql<boolean>`(accounts.id = ${p.account} or accounts.pk = ${p.account})`;
    case 'state':
      return sql<boolean>`messages.state = ${p.state}`;
    case 'result':
      return sql<boolean>`messages.result = ${p.result}`;
    case 'priority':
      return sql<boolean>`messages.priority = ${p.priority}`;
    case 'recipient':
      return sql<boolean>`messages.pk in (select message_pk from ${sql.table('message_recipients')}
        where address = ${p.recipient})`;
    case 'domain':
      return sql<boolean>`messages.pk in (select message_pk from ${sql.table('message_recipients')}
        where ${domainOf(sql.ref('address'))} = ${p.domain}
          and message_pk >= ${p.domain_from} and message_pk < ${p.domain_before})`;
    case 'to_domain':
      return sql<boolean>`exists (select 1 from ${sql.table('message_recipients')} r
        where r.message_pk = messages.pk and ${domainOf(sql.ref('r.address'))} = ${p.to_domain})`;
    case 'pk_from':
      return sql<boolean>`messages.pk >= ${p.pk_from}`;
    case 'pk_before':
      return sql<boolean>`messages.pk < ${p.pk_before}`;
    case 'created_from':
      return sql<boolean>`messages.created_at >= ${p.created_from}`;
    case 'created_before':
      return sql<boolean>`messages.created_at < ${p.created_before}`;
    case 'is_open':
      // In the words of the partial indexes.
      return sql<boolean>`messages.state <> 'final'`;
    case 'is_sandbox':
      return sql<boolean>`accounts.type = 'sandbox'`;
    case 'after':
      return order === 'oldest first' ? sql<boolean>`messages.pk > ${p.after}` : sql<boolean>`messages.pk < ${p.after}`;
    default:
      return name satisfies never;
  }
}
