// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { MessageAttachmentsTable, MessagesTable } from '../entities/message/message.table.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { CLAIMED, type ClaimedRow, nothingIsStopped, ofNoSuspendedBatch } from './claim.ts';
import { ifSessionLives } from './session-lives.ts';

interface Owned {
  readonly pk: string;
  readonly session: number;
}

interface FetchedFile {
  readonly position: number;
  readonly content_hash: string;
}

export interface PreparingStatements {
  readonly tenants: Prepared<object, { tenant_id: string }>;
  readonly claim: Prepared<
    { readonly tenant_id: string; readonly quota: number; readonly session: number; readonly now: number },
    ClaimedRow & Pick<MessagesTable, 'fetch_attempts' | 'unfetched'>
  >;
  readonly owned: Prepared<{ readonly session: number }, { pk: string }>;
  readonly giveBack: Prepared<Owned, unknown>;
  readonly attachments: Prepared<{ readonly pk: string }, MessageAttachmentsTable>;
  /** One step less, if the file is still missing; without any left the message is ready, and nobody's. */
  readonly advance: Prepared<Owned & FetchedFile & { readonly now: number }, { state: MessageState }>;
  /** Goes behind `advance` in its unit, which holds the condition. */
  readonly pin: Prepared<Pick<Owned, 'pk'> & FetchedFile, unknown>;
  /** The last step: nothing is left to fetch, and mixins have answered. */
  readonly finish: Prepared<Owned & { readonly now: number; readonly detached_bytes: number }, unknown>;
  /** Goes behind `finish` in its unit. */
  readonly detach: Prepared<Pick<Owned, 'pk'> & { readonly position: number; readonly detached: string }, unknown>;
}

export function preparePreparingStatements(db: Database<CoreSchema>): PreparingStatements {
  const messages = sql.table('messages');
  return {
    // From tenant to tenant through the index, so that it costs a look-up a tenant, not one a message.
    tenants: db.prepare((k) => ({
      compile: () =>
        sql<{ tenant_id: string }>`
          with recursive waiting(tenant_id) as (
            select min(tenant_id) from ${messages} where state = 'preparing'
            union all
            select (select min(m.tenant_id) from ${messages} m
              where m.state = 'preparing' and m.tenant_id > waiting.tenant_id)
            from waiting where waiting.tenant_id is not null
          )
          select tenant_id from waiting where tenant_id is not null
        `.compile(k),
    })),
    claim: db.prepare((k, p) =>
      k
        .with(
          (cte) => cte('next').materialized(),
          () =>
            k
              .selectFrom('messages')
              .select('pk')
              .where('tenant_id', '=', p.tenant_id)
              .where('state', '=', sql.lit('preparing'))
              .where('owner_session', 'is', null)
              .where(ifSessionLives(p.session))
              .where(nothingIsStopped(p.tenant_id))
              .where(ofNoSuspendedBatch)
              .orderBy('rank')
              .orderBy('pk')
              .limit(p.quota)
              .modifyEnd(db.dialect.claimLock),
        )
        .updateTable('messages')
        .set({ owner_session: p.session, updated_at: p.now })
        .where('pk', 'in', (eb) => eb.selectFrom('next').select('next.pk'))
        .returning([...CLAIMED, 'fetch_attempts', 'unfetched']),
    ),
    owned: db.prepare((k, p) =>
      k
        .selectFrom('messages')
        .select('pk')
        .where('state', '=', sql.lit('preparing'))
        .where('owner_session', '=', p.session),
    ),
    giveBack: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .set({ owner_session: null })
        .where('pk', '=', p.pk)
        .where('state', '=', sql.lit('preparing'))
        .where('owner_session', '=', p.session),
    ),
    attachments: db.prepare((k, p) =>
      k.selectFrom('message_attachments').selectAll().where('message_pk', '=', p.pk).orderBy('position'),
    ),
    advance: db.prepare((k, p) => {
      // Of this file alone: what others of the message write at the same time may not be seen yet.
      const isMissing = sql<number>`(
        select count(*) from ${sql.table('message_attachments')} a
        where a.message_pk = messages.pk and a.position = ${p.position} and a.content_hash is null
      )`;
      const left = sql<number>`unfetched - ${isMissing}`;
      return k
        .updateTable('messages')
        .set({
          unfetched: left,
          state: sql<MessageState>`case when ${left} = 0 then 'ready' else 'preparing' end`,
          owner_session: sql<number | null>`case when ${left} = 0 then null else owner_session end`,
          size_bytes: sql<number>`size_bytes + ${isMissing} * coalesce((
            select c.size_bytes from ${sql.table('attachment_contents')} c
            where c.tenant_id = messages.tenant_id and c.hash = ${p.content_hash}
          ), 0)`,
          updated_at: p.now,
        })
        .where('pk', '=', p.pk)
        .where('state', '=', sql.lit('preparing'))
        .where('owner_session', '=', p.session)
        .where(ifSessionLives(p.session))
        .returning('state');
    }),
    pin: db.prepare((k, p) =>
      k
        .updateTable('message_attachments')
        .set({ content_hash: p.content_hash })
        .where('message_pk', '=', p.pk)
        .where('position', '=', p.position),
    ),
    finish: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .set({
          unfetched: 0,
          state: 'ready',
          owner_session: null,
          size_bytes: sql<number>`size_bytes - ${p.detached_bytes}`,
          updated_at: p.now,
        })
        .where('pk', '=', p.pk)
        .where('state', '=', sql.lit('preparing'))
        .where('owner_session', '=', p.session)
        .where('unfetched', '=', sql.lit(1))
        .where(
          sql<boolean>`not exists (
            select 1 from ${sql.table('message_attachments')} a where a.message_pk = messages.pk and a.content_hash is null
          )`,
        )
        .where(ifSessionLives(p.session)),
    ),
    detach: db.prepare((k, p) =>
      k
        .updateTable('message_attachments')
        .set({ content_hash: null, detached: p.detached })
        .where('message_pk', '=', p.pk)
        .where('position', '=', p.position),
    ),
  };
}
