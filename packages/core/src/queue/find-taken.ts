// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { MessageResult, MessageState } from '../entities/message/message-state.ts';
import type { FoundId } from '../entities/message/submitted.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Find the message of a tenant that has an id, or what is known of one that is gone. */
export type FindTaken = (tenantId: string, id: string) => Promise<FoundId | null>;

interface TakenRow {
  readonly pk: string;
  readonly state: MessageState;
  readonly result: MessageResult | null;
  readonly account_id: string | null;
  readonly is_replaceable: number;
}

/**
 * It waits, nobody was served, and no attempt ended without an answer that tells so. Of `messages`.
 */
export const isReplaceable = sql<boolean>`(
  messages.state in ('preparing', 'ready', 'deferred', 'suspended', 'held')
  and not exists (select 1 from ${sql.table('message_recipients')} r
    where r.message_pk = messages.pk and r.state in ('sent', 'in_doubt'))
  and not exists (select 1 from ${sql.table('message_events')} e
    where e.message_pk = messages.pk
    and (e.type in ('interrupted', 'in_doubt') or e.detail like '%"possibleDuplicate":true%'))
)`;

export function prepareFindTaken(db: Database<CoreSchema>): FindTaken {
  const message = db.prepare<{ tenant_id: string; id: string }, TakenRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .select(['messages.pk', 'messages.state', 'messages.result', 'accounts.id as account_id'])
      .select(sql<number>`case when ${isReplaceable} then 1 else 0 end`.as('is_replaceable'))
      .where('messages.id', '=', p.id)
      .where('messages.tenant_id', '=', p.tenant_id),
  );
  const end = db.prepare<{ tenant_id: string; id: string }, TakenRow>((k, p) =>
    k
      .selectFrom('message_ends')
      .select(['message_pk as pk', sql<MessageState>`'final'`.as('state'), 'result'])
      .select([sql<null>`cast(null as text)`.as('account_id'), sql.lit(0).as('is_replaceable')])
      .where('tenant_id', '=', p.tenant_id)
      .where('id', '=', p.id),
  );
  return async (tenantId, id) => {
    const name = { tenant_id: tenantId, id };
    const [row] = [...(await db.read(message.bind(name))), ...(await db.read(end.bind(name)))];
    if (row === undefined) return null;
    const { pk, state, result, account_id: accountId, is_replaceable } = row;
    return { pk, state, result, accountId, isReplaceable: is_replaceable === 1 };
  };
}
