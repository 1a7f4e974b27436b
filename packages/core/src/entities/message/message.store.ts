// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import { MailProxyError } from '../../errors.ts';
import { looksLikePk } from '../../identity.ts';
import type { Reach } from '../../operations/principal.ts';
import type { MessageFeedbackTable } from '../message-event/message-event.table.ts';
import type { CoreSchema } from '../schema.ts';
import { type ContentSealer, plainContents } from './content-sealer.ts';
import { openDetached } from './detached-record.ts';
import type { ListedAttachment, ListedAttachmentRow } from './listed-attachment.ts';
import type { MessageRecipientsTable } from './message.table.ts';
import { type DomainPiece, type MessageFilter, type MessagePage, prepareMessagePages } from './message-filter.ts';
import { MESSAGE_COLUMNS, type MessageRow } from './message-row.ts';
import { isReached, type Reached } from './reached.ts';
import { domainOf } from './recipient-domain.ts';
import { prepareSaidMessages, type ReadSaid } from './said-messages.ts';

export type { MessageRow } from './message-row.ts';

/** How many messages wait, and how the finished ones ended. */
export interface MessageCounts {
  readonly waiting: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byResult: Readonly<Record<string, number>>;
}

/** How a message came back. */
export type MessageBounce = Pick<MessageFeedbackTable, 'message_pk' | 'bounce_type' | 'code' | 'reason' | 'at'>;

/** Reads of messages; every change goes through the queue. */
export interface MessageStore {
  /**
   * Find a message by primary key, or by the client's id.
   *
   * @throws {MailProxyError} `not_found` outside the reach as well, `ambiguous_id` when several tenants use the id
   */
  find(reach: Reach, reference: string): Promise<MessageRow>;
  /** One page of the messages that match. */
  list(reach: Reach, filter: MessageFilter, page: MessagePage): Promise<readonly MessageRow[]>;
  /** How many messages match. */
  count(reach: Reach, filter: MessageFilter): Promise<number>;
  /**
   * Messages that each of the references names, in their order, where the filter matches them too. A primary key wins;
   * an id that several tenants within the reach use names several.
   */
  listNamed(
    reach: Reach,
    references: readonly string[],
    filter: MessageFilter,
  ): Promise<readonly (readonly MessageRow[])[]>;
  /** How many ready messages of its lane go before it; no more than 10,000 are counted. */
  position(message: { readonly pk: string }): Promise<number>;
  /** Null once retention removed it. */
  content(reach: Reach, pk: string): Promise<string | null>;
  recipients(reach: Reach, pk: string): Promise<readonly MessageRecipientsTable[]>;
  /** Its files, in their order. */
  attachments(reach: Reach, pk: string): Promise<readonly ListedAttachment[]>;
  /** Of messages that were found, by primary key: the hard bounce of each if there is one, else the last. */
  bounces(pks: readonly string[]): Promise<ReadonlyMap<string, MessageBounce>>;
  /** Whether what messages say may be searched: not where it is sealed. */
  readonly isSearchable: boolean;
  /** Subjects of messages that were found; those whose content is gone or sealed are left out. */
  subjects(pks: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The primary key of the `count`-th newest of the messages that match; null where there are fewer. */
  edge(reach: Reach, filter: MessageFilter, count: number): Promise<string | null>;
  /**
   * The primary key of the `count`-th newest entry of a piece of a domain; null where there are fewer. It may be of any
   * tenant, so no tenant is told the key.
   */
  domainEdge(piece: DomainPiece, count: number): Promise<string | null>;
  /** What messages that were found say. */
  readonly said: ReadSaid;
  counts(): Promise<MessageCounts>;
}

/** Further up the exact place tells nobody anything, and counting it costs. */
const MAX_POSITION = 10_000;
/** Enough to tell one from several. */
const SEVERAL = 3;
const FEW = { order: 'oldest first', after: null, limit: SEVERAL } as const;

export function createMessageStore(db: Database<CoreSchema>, contents: ContentSealer = plainContents): MessageStore {
  const byPk = db.prepare<{ reference: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(MESSAGE_COLUMNS)
      .where('messages.pk', '=', p.reference),
  );
  const byId = db.prepare<{ reference: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(MESSAGE_COLUMNS)
      .where('messages.id', '=', p.reference)
      .limit(SEVERAL),
  );
  const byIdInTenant = db.prepare<{ reference: string; tenant: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(MESSAGE_COLUMNS)
      .where('messages.id', '=', p.reference)
      .where('messages.tenant_id', '=', p.tenant),
  );
  const pages = prepareMessagePages(db);
  const position = db.prepare<{ pk: string }, { before: number }>((k, p) => ({
    compile: () =>
      sql<{ before: number }>`
        select count(*) as before from (
          select 1 from ${sql.table('messages')} m
          join (select account_pk, rank, pk from ${sql.table('messages')}
            where pk = ${p.pk}) me on me.account_pk = m.account_pk
          where m.state = 'ready' and (m.rank, m.pk) < (me.rank, me.pk)
          limit ${sql.lit(MAX_POSITION)}
        ) earlier
      `.compile(k),
  }));
  const content = db.prepare<Reached, { content: string }>((k, p) =>
    k.selectFrom('message_contents').select('content').where('message_pk', '=', p.pk).where(isReached(p.pk, p.tenant)),
  );
  const recipients = db.prepare<Reached, MessageRecipientsTable>((k, p) =>
    k
      .selectFrom('message_recipients')
      .selectAll()
      .where('message_pk', '=', p.pk)
      .where(isReached(p.pk, p.tenant))
      .orderBy('position'),
  );
  const attachments = db.prepare<Reached, ListedAttachmentRow>((k, p) =>
    k
      .selectFrom('message_attachments as a')
      .leftJoin('attachment_contents as c', (join) =>
        join.onRef('c.tenant_id', '=', 'a.tenant_id').onRef('c.hash', '=', 'a.content_hash'),
      )
      .select(['a.filename', 'a.mime_type', 'a.disposition', 'a.fetch_mode', 'a.content_hash', 'c.size_bytes'])
      .select(['a.message_pk', 'a.position', 'a.detached'])
      .where('a.message_pk', '=', p.pk)
      .where(isReached(p.pk, p.tenant))
      .orderBy('a.position'),
  );
  const bounces = db.prepare<{ pks: string }, MessageBounce>((k, p) =>
    k
      .selectFrom(db.dialect.rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_feedback as f', 'f.message_pk', 'r.pk')
      .select(['f.message_pk', 'f.bounce_type', 'f.code', 'f.reason', 'f.at'])
      .where('f.type', '=', sql.lit('bounce'))
      .orderBy('f.at'),
  );
  const subjects = db.prepare<{ pks: string }, { message_pk: string; subject: string | null }>((k, p) =>
    k
      .selectFrom(db.dialect.rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_contents as c', 'c.message_pk', 'r.pk')
      .select([
        'c.message_pk',
        // What is sealed is no JSON.
        sql<
          string | null
        >`case when c.content like '{%' then ${db.dialect.jsonMember(sql`c.content`, 'subject')} end`.as('subject'),
      ]),
  );
  const domainEdge = db.prepare<
    { name: string; pk_from: string; pk_before: string; before: number },
    { message_pk: string }
  >((k, p) =>
    k
      .selectFrom('message_recipients')
      .select('message_pk')
      .where(domainOf(sql.ref('address')), '=', p.name)
      .where('message_pk', '>=', p.pk_from)
      .where('message_pk', '<', p.pk_before)
      .orderBy('message_pk', 'desc')
      .limit(sql.lit(1))
      .offset(p.before),
  );
  const counts = db.prepare<object, { state: string; result: string | null; count: number }>((k) =>
    k
      .selectFrom('messages')
      .select(['state', 'result', (eb) => eb.fn.countAll<number>().as('count')])
      .groupBy(['state', 'result']),
  );

  return {
    async find(reach, reference) {
      if (reach.isSandbox === true)
        return onlyOne(await db.read(pages.bind(reach.tenantId, within(reach, { reference }), FEW)));
      const candidates = new Map<string, MessageRow>();
      if (looksLikePk(reference)) {
        for (const row of await db.read(byPk.bind({ reference }))) candidates.set(row.pk, row);
      }
      const named =
        reach.tenantId === null ? byId.bind({ reference }) : byIdInTenant.bind({ reference, tenant: reach.tenantId });
      for (const row of await db.read(named)) candidates.set(row.pk, row);
      const found = [...candidates.values()].filter(
        (row) => reach.tenantId === null || row.tenant_id === reach.tenantId,
      );
      return onlyOne(found);
    },
    list: (reach, filter, page) => db.read(pages.bind(reach.tenantId, within(reach, filter), page)),
    async edge(reach, filter, count) {
      const [row] = await db.read(pages.bindEdge(reach.tenantId, within(reach, filter), count));
      return row?.pk ?? null;
    },
    async count(reach, filter) {
      const [row] = await db.read(pages.bindCount(reach.tenantId, within(reach, filter)));
      return row?.count ?? 0;
    },
    async listNamed(reach, references, filter) {
      const found = await db.readAll(
        references.map((reference) => pages.bind(reach.tenantId, within(reach, { ...filter, reference }), FEW)),
      );
      return found.map(({ rows }, index) => {
        const owner = rows.find((row) => row.pk === references[index]);
        return owner === undefined ? rows : [owner];
      });
    },
    async position({ pk }) {
      const [row] = await db.read(position.bind({ pk }));
      return row?.before ?? 0;
    },
    async content({ tenantId: tenant }, pk) {
      const [row] = await db.read(content.bind({ pk, tenant }));
      return row === undefined ? null : contents.openText(pk, row.content);
    },
    recipients: ({ tenantId: tenant }, pk) => db.read(recipients.bind({ pk, tenant })),
    async attachments({ tenantId: tenant }, pk) {
      const rows = await db.read(attachments.bind({ pk, tenant }));
      return rows.map((row) => ({ ...row, detached: openDetached(row, contents) }));
    },
    async bounces(pks) {
      const found = new Map<string, MessageBounce>();
      if (pks.length === 0) return found;
      for (const bounce of await db.read(bounces.bind({ pks: rowsJson(pks.map((pk) => ({ pk }))) }))) {
        if (found.get(bounce.message_pk)?.bounce_type !== 'hard' || bounce.bounce_type === 'hard') {
          found.set(bounce.message_pk, bounce);
        }
      }
      return found;
    },
    isSearchable: !contents.isOn,
    async subjects(pks) {
      if (pks.length === 0) return new Map();
      const rows = await db.read(subjects.bind({ pks: rowsJson(pks.map((pk) => ({ pk }))) }));
      return new Map(rows.flatMap(({ message_pk, subject }) => (subject === null ? [] : [[message_pk, subject]])));
    },
    async domainEdge({ name, pkFrom, pkBefore }, count) {
      const piece = { name, pk_from: pkFrom, pk_before: pkBefore, before: count - 1 };
      return (await db.read(domainEdge.bind(piece)))[0]?.message_pk ?? null;
    },
    said: prepareSaidMessages(db, contents),
    async counts() {
      const byState: Record<string, number> = {};
      const byResult: Record<string, number> = {};
      let waiting = 0;
      for (const { state, result, count } of await db.read(counts.bind({}))) {
        byState[state] = (byState[state] ?? 0) + count;
        if (result === null) waiting += count;
        else byResult[result] = (byResult[result] ?? 0) + count;
      }
      return { waiting, byState, byResult };
    },
  };
}

/** @throws {MailProxyError} `not_found`, `ambiguous_id` */
function onlyOne(found: readonly MessageRow[]): MessageRow {
  if (found.length > 1) {
    throw new MailProxyError('ambiguous_id', { detail: 'several messages have that id: name the tenant_id too' });
  }
  const [row] = found;
  if (row === undefined) throw new MailProxyError('not_found', { detail: 'there is no such message' });
  return row;
}

/** With what the reach alone says of accounts. */
function within({ isSandbox }: Reach, filter: MessageFilter): MessageFilter {
  return isSandbox === true ? { ...filter, isSandbox } : filter;
}
