// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { MailProxyError } from '../../errors.ts';
import { looksLikePk } from '../../identity.ts';
import type { Reach } from '../../operations/principal.ts';
import type { CoreSchema } from '../schema.ts';
import type { MessageRecipientsTable, MessagesTable } from './message.table.ts';

/** A message's row with the name its account has for the client. */
export type MessageRow = Omit<MessagesTable, 'owner_session' | 'rank'> & { readonly account_id: string };

export interface MessageFilter {
  readonly state: string | null;
  readonly batchCode: string | null;
  /** Exact address. */
  readonly recipient: string | null;
  /** Primary key of the last row of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** How many messages wait, and how the finished ones ended. */
export interface MessageCounts {
  readonly waiting: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byResult: Readonly<Record<string, number>>;
}

/** Reads of messages; every change goes through the queue. */
export interface MessageStore {
  /**
   * Find a message by primary key, or by the client's id.
   *
   * @throws {MailProxyError} `not_found` outside the reach as well, `ambiguous_id` when several tenants use the id
   */
  find(reach: Reach, reference: string): Promise<MessageRow>;
  /** Newest first. */
  list(reach: Reach, filter: MessageFilter): Promise<readonly MessageRow[]>;
  content(pk: string): Promise<string>;
  recipients(pk: string): Promise<readonly MessageRecipientsTable[]>;
  counts(): Promise<MessageCounts>;
}

const COLUMNS = [
  'messages.pk',
  'messages.tenant_id',
  'messages.id',
  'messages.account_pk',
  'messages.state',
  'messages.result',
  'messages.priority',
  'messages.eligible_at',
  'messages.attempts',
  'messages.batch_code',
  'messages.message_id',
  'messages.expires_at',
  'messages.last_error',
  'messages.created_at',
  'messages.updated_at',
  'messages.final_at',
  'accounts.id as account_id',
] as const;

interface ListInput {
  readonly tenant: string | null;
  readonly state: string | null;
  readonly batch_code: string | null;
  readonly recipient: string | null;
  readonly after: string | null;
  readonly limit: number;
}

export function createMessageStore(db: Database<CoreSchema>): MessageStore {
  const byPk = db.prepare<{ reference: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(COLUMNS)
      .where('messages.pk', '=', p.reference),
  );
  // Three are enough to tell one from several.
  const byId = db.prepare<{ reference: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(COLUMNS)
      .where('messages.id', '=', p.reference)
      .limit(3),
  );
  const byIdInTenant = db.prepare<{ reference: string; tenant: string }, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(COLUMNS)
      .where('messages.id', '=', p.reference)
      .where('messages.tenant_id', '=', p.tenant),
  );
  const list = db.prepare<ListInput, MessageRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(COLUMNS)
      .where(sql<boolean>`(cast(${p.tenant} as text) is null or messages.tenant_id = ${p.tenant})`)
      .where(sql<boolean>`(cast(${p.state} as text) is null or messages.state = ${p.state})`)
      .where(sql<boolean>`(cast(${p.batch_code} as text) is null or messages.batch_code = ${p.batch_code})`)
      .where(sql<boolean>`(cast(${p.recipient} as text) is null or messages.pk in (
        select message_pk from message_recipients where address = ${p.recipient}))`)
      .where(sql<boolean>`(cast(${p.after} as text) is null or messages.pk < ${p.after})`)
      .orderBy('messages.pk', 'desc')
      .limit(p.limit),
  );
  const content = db.prepare<{ pk: string }, { content: string }>((k, p) =>
    k.selectFrom('message_contents').select('content').where('message_pk', '=', p.pk),
  );
  const recipients = db.prepare<{ pk: string }, MessageRecipientsTable>((k, p) =>
    k.selectFrom('message_recipients').selectAll().where('message_pk', '=', p.pk).orderBy('position'),
  );
  const counts = db.prepare<object, { state: string; result: string | null; count: number }>((k) =>
    k
      .selectFrom('messages')
      .select(['state', 'result', (eb) => eb.fn.countAll<number>().as('count')])
      .groupBy(['state', 'result']),
  );

  return {
    async find(reach, reference) {
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
      if (found.length > 1) {
        throw new MailProxyError('ambiguous_id', { detail: 'several messages have that id: name the tenant_id too' });
      }
      const [row] = found;
      if (row === undefined) throw new MailProxyError('not_found', { detail: 'there is no such message' });
      return row;
    },
    list: (reach, { state, batchCode, recipient, after, limit }) =>
      db.read(list.bind({ tenant: reach.tenantId, state, batch_code: batchCode, recipient, after, limit })),
    async content(pk) {
      const [row] = await db.read(content.bind({ pk }));
      if (row === undefined) throw new Error(`message ${pk} has no content`);
      return row.content;
    },
    recipients: (pk) => db.read(recipients.bind({ pk })),
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
