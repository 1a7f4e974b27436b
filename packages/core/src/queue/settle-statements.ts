// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { MessageRecipientsTable, MessagesTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { ifSessionLives } from './session-lives.ts';

/** Rows as one parameter. */
interface Rows {
  readonly rows: string;
}

type MessageRow = Pick<
  MessagesTable,
  'pk' | 'state' | 'result' | 'attempts' | 'last_error' | 'units' | 'updated_at' | 'final_at'
> & {
  readonly session: number;
  /** Null keeps what it was. */
  readonly eligible_at: number | null;
  readonly fetch_attempts: number | null;
};

type RecipientRow = Omit<MessageRecipientsTable, 'kind' | 'address'> & { readonly session: number };

export interface SettleStatements {
  /**
   * Keeps a session from being ended until the unit ends, so that all statements of the unit find the same messages
   * owned; null where nobody else writes meanwhile.
   */
  readonly keepSession: Prepared<{ readonly session: number }, unknown> | null;
  readonly recipients: Prepared<Rows, unknown>;
  /** Goes last, since the others ask who owns the message; returns those that were theirs who settle. */
  readonly messages: Prepared<Rows, { readonly pk: string }>;
}

/**
 * Of a row `r` with the key of a message and a session: whether that session may write what became of the message. Who
 * has an owner is leased; the state is not asked for, so that the primary key is the only way to the message.
 */
export const ownedByLivingSession = sql<boolean>`exists (
  select 1 from ${sql.table('messages')} m join ${sql.table('sessions')} s on s.number = m.owner_session
  where m.pk = r.message_pk and m.owner_session = r.session and s.ended_at is null
)`;

export function prepareSettleStatements(db: Database<CoreSchema>): SettleStatements {
  const { rows, rowLocks } = db.dialect;
  return {
    keepSession:
      rowLocks &&
      db.prepare((k, p) =>
        k.selectFrom('sessions').select('number').where('number', '=', p.session).modifyEnd(rowLocks.share),
      ),
    recipients: db.prepare((k, p) =>
      k
        .updateTable('message_recipients')
        .from(
          rows<RecipientRow>(p.rows, {
            message_pk: 'text',
            position: 'integer',
            session: 'bigint',
            state: 'text',
            attempts: 'integer',
            stage: 'text',
            code: 'integer',
            enhanced: 'text',
            reply: 'text',
            verdict: 'text',
            updated_at: 'bigint',
          }).as('r'),
        )
        .set((eb) => ({
          state: eb.ref('r.state'),
          attempts: eb.ref('r.attempts'),
          stage: learnt('stage'),
          code: learnt('code'),
          enhanced: learnt('enhanced'),
          reply: learnt('reply'),
          verdict: learnt('verdict'),
          updated_at: eb.ref('r.updated_at'),
        }))
        .whereRef('message_recipients.message_pk', '=', 'r.message_pk')
        .whereRef('message_recipients.position', '=', 'r.position')
        .where(ownedByLivingSession),
    ),
    messages: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .from(
          rows<MessageRow>(p.rows, {
            pk: 'text',
            session: 'bigint',
            state: 'text',
            result: 'text',
            attempts: 'integer',
            fetch_attempts: 'integer',
            eligible_at: 'bigint',
            last_error: 'text',
            units: 'integer',
            updated_at: 'bigint',
            final_at: 'bigint',
          }).as('r'),
        )
        .set((eb) => ({
          state: eb.ref('r.state'),
          result: eb.ref('r.result'),
          owner_session: null,
          handed_at: null,
          attempts: eb.ref('r.attempts'),
          fetch_attempts: eb.fn.coalesce('r.fetch_attempts', 'messages.fetch_attempts'),
          eligible_at: eb.fn.coalesce('r.eligible_at', 'messages.eligible_at'),
          last_error: eb.ref('r.last_error'),
          units: eb.ref('r.units'),
          updated_at: eb.ref('r.updated_at'),
          final_at: eb.ref('r.final_at'),
        }))
        .whereRef('messages.pk', '=', 'r.pk')
        .whereRef('messages.owner_session', '=', 'r.session')
        .where(ifSessionLives(sql.ref('r.session')))
        .returning('messages.pk'),
    ),
  };
}

/** What an attempt learnt of a recipient, or an earlier one where this one did not come to it. */
function learnt<Column extends 'stage' | 'code' | 'enhanced' | 'reply' | 'verdict'>(
  column: Column,
): Expression<RecipientRow[Column]> {
  return sql`case when r.stage is null then message_recipients.${sql.raw(column)} else r.${sql.raw(column)} end`;
}
