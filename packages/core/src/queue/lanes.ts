// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** The ready messages of one account. */
export interface LaneKey {
  readonly accountPk: string;
  readonly tenantId: string;
}

/** The lanes of these messages, each once. */
export function lanesOf(
  messages: readonly { readonly account_pk: string; readonly tenant_id: string }[],
): readonly LaneKey[] {
  const lanes = new Map(messages.map((message) => [message.account_pk, message.tenant_id]));
  return [...lanes].map(([accountPk, tenantId]) => ({ accountPk, tenantId }));
}

/**
 * The beginning of a statement that knows as `lane(account_pk)` every account with a ready message, and a null behind
 * them. Steps from account to account through the ready index: a look-up a lane, not one a message.
 */
export function withReadyLanes(): RawBuilder<unknown> {
  const messages = sql.table('messages');
  return sql`with recursive lane(account_pk) as (
    select min(account_pk) from ${messages} where state = 'ready'
    union all
    select (select min(m.account_pk) from ${messages} m where m.state = 'ready' and m.account_pk > lane.account_pk)
    from lane where lane.account_pk is not null
  )`;
}

/**
 * Find every lane that has a ready message. Steps from account to account through the ready index, so that it costs a
 * look-up a lane, not one a message. Run at start and now and then; in between, acceptance tells.
 */
export function prepareFindLanes(db: Database<CoreSchema>): () => Promise<readonly LaneKey[]> {
  const find = db.prepare<object, { account_pk: string; tenant_id: string }>((k) => ({
    compile: () =>
      sql<{ account_pk: string; tenant_id: string }>`
        ${withReadyLanes()}
        select a.pk as account_pk, a.tenant_id from lane join ${sql.table('accounts')} a on a.pk = lane.account_pk
      `.compile(k),
  }));
  return async () =>
    (await db.read(find.bind({}))).map((row) => ({ accountPk: row.account_pk, tenantId: row.tenant_id }));
}
