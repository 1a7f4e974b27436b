// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { LimitUnit } from '../entities/account/account.table.ts';
import type { MessagesTable, OnInDoubt, RecipientState } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Rows as one parameter. */
interface Rows {
  readonly rows: string;
}

/** A message that a session holds, and what its account and its tenant may send. */
export interface HeldRow {
  readonly pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  readonly attempts: number;
  readonly units: number;
  readonly on_in_doubt: OnInDoubt;
  readonly handed_at: number | null;
  readonly limit_per_minute: number | null;
  readonly limit_per_hour: number | null;
  readonly limit_per_day: number | null;
  readonly limit_unit: LimitUnit;
  readonly tenant_per_minute: number | null;
  readonly tenant_per_hour: number | null;
  readonly tenant_per_day: number | null;
  readonly tenant_unit: LimitUnit;
}

/** What becomes of a message. */
export interface RescueRow extends Pick<MessagesTable, 'updated_at'> {
  readonly message_pk: string;
  readonly session: number;
  readonly state: Extract<MessagesTable['state'], 'ready' | 'in_doubt' | 'final'>;
  /** 1 where the attempt counts. */
  readonly counted: number;
  /** What its pending recipients become, and why; null where they stay pending. */
  readonly recipient_state: RecipientState | null;
  readonly reason: string | null;
}

export interface RescueStatements {
  readonly held: Prepared<{ readonly session: number; readonly limit: number }, HeldRow>;
  readonly recipients: Prepared<Rows, unknown>;
  /** Goes last, since the others ask who holds the message; returns those that nobody else was faster with. */
  readonly messages: Prepared<Rows, { readonly pk: string }>;
}

/** Of a row `r` with the key of a message and a session: whether that session, which has ended, still holds it. */
export const heldBySession = sql<boolean>`exists (
  select 1 from ${sql.table('messages')} m where m.pk = r.message_pk and m.owner_session = r.session
)`;

export function prepareRescueStatements(db: Database<CoreSchema>): RescueStatements {
  const read = (json: string) =>
    db.dialect
      .rows<RescueRow>(json, {
        message_pk: 'text',
        session: 'bigint',
        state: 'text',
        counted: 'integer',
        recipient_state: 'text',
        reason: 'text',
        updated_at: 'bigint',
      })
      .as('r');
  return {
    held: db.prepare((k, p) =>
      k
        .selectFrom('messages')
        .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
        .innerJoin('tenants', 'tenants.id', 'messages.tenant_id')
        .select(['messages.pk', 'messages.tenant_id', 'messages.account_pk', 'messages.attempts', 'messages.units'])
        .select(['messages.on_in_doubt', 'messages.handed_at'])
        .select([
          'accounts.limit_per_minute',
          'accounts.limit_per_hour',
          'accounts.limit_per_day',
          'accounts.limit_unit',
        ])
        .select([
          'tenants.limit_per_minute as tenant_per_minute',
          'tenants.limit_per_hour as tenant_per_hour',
          'tenants.limit_per_day as tenant_per_day',
          'tenants.limit_unit as tenant_unit',
        ])
        .where('messages.state', '=', sql.lit('leased'))
        .where('messages.owner_session', '=', p.session)
        .limit(p.limit),
    ),
    recipients: db.prepare((k, p) =>
      k
        .updateTable('message_recipients')
        .from(read(p.rows))
        .set((eb) => ({
          state: eb.fn.coalesce('r.recipient_state', 'message_recipients.state'),
          reply: eb.fn.coalesce('r.reason', 'message_recipients.reply'),
          attempts: eb('message_recipients.attempts', '+', eb.ref('r.counted')),
          updated_at: eb.ref('r.updated_at'),
        }))
        .whereRef('message_recipients.message_pk', '=', 'r.message_pk')
        .where('message_recipients.state', '=', sql.lit('pending'))
        .where('r.counted', '=', 1)
        .where(heldBySession),
    ),
    messages: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .from(read(p.rows))
        .set((eb) => ({
          state: eb.ref('r.state'),
          result: sql<MessagesTable['result']>`case when r.state <> 'final' then null when exists (
            select 1 from ${sql.table('message_recipients')} sent where sent.message_pk = messages.pk and sent.state = 'sent'
          ) then 'partially_sent' else 'failed' end`,
          owner_session: null,
          handed_at: null,
          units: sql<number>`case when r.state = 'ready' then messages.units else 0 end`,
          last_error: eb.fn.coalesce('r.reason', 'messages.last_error'),
          attempts: eb('messages.attempts', '+', eb.ref('r.counted')),
          updated_at: eb.ref('r.updated_at'),
          final_at: sql<number | null>`case when r.state = 'final' then r.updated_at end`,
        }))
        .whereRef('messages.pk', '=', 'r.message_pk')
        .whereRef('messages.owner_session', '=', 'r.session')
        .returning('messages.pk'),
    ),
  };
}
