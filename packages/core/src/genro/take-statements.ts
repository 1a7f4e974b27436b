// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { CommandLogTable } from '../entities/command-log/command-log.table.ts';
import type { MessagesTable } from '../entities/message/message.table.ts';
import type { MessageEventsTable, MessageFeedbackTable } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Rows } from '../queue/stored-rows.ts';

/** How a message ended that is stored in the same unit. */
export interface EndRow {
  readonly pk: string;
  readonly result: NonNullable<MessagesTable['result']>;
  readonly recipient_state: 'sent' | 'failed';
  readonly attempts: number;
  readonly last_error: string | null;
  readonly at: number;
}

/** Whose event it is, by what clients name the message with. */
interface OfMessage {
  readonly tenant_id: string;
  readonly id: string;
  /** Of the message, so that no other with its id is meant; null where that is not known. */
  readonly created_at: number | null;
}

export type EventRow = OfMessage & Pick<MessageEventsTable, 'pk' | 'type' | 'at' | 'attempt' | 'detail'>;
export type FeedbackRow = OfMessage &
  Pick<MessageFeedbackTable, 'key' | 'event_pk' | 'type' | 'bounce_type' | 'code' | 'reason' | 'at'>;
export type FailureRow = Pick<MessageEventsTable, 'pk' | 'type' | 'at' | 'attempt' | 'detail'> & {
  readonly message_pk: string;
};
export interface TakenIdRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly message_pk: string;
  readonly result: NonNullable<MessagesTable['result']>;
  readonly final_at: number;
}

export interface TakeStatements {
  readonly attempts: Prepared<Rows, unknown>;
  readonly end: Prepared<Rows, unknown>;
  readonly endRecipients: Prepared<Rows, unknown>;
  /** Of messages of which nothing is kept that they said. */
  readonly markBare: Prepared<Rows, unknown>;
  readonly removeContents: Prepared<Rows, unknown>;
  /** Of messages that were stored in the same unit. */
  readonly failures: Prepared<Rows, unknown>;
  /** Ids of messages that are not stored, so that none is sent again. */
  readonly ids: Prepared<Rows & { readonly now: number; readonly forget_at: number }, unknown>;
  readonly events: Prepared<Rows, { readonly pk: string }>;
  readonly feedback: Prepared<Rows, unknown>;
  /** Which of these events there are. */
  readonly knownEvents: Prepared<Rows, { readonly pk: string }>;
  readonly commands: Prepared<Rows, unknown>;
}

const OF_MESSAGE = { tenant_id: 'text', id: 'text', created_at: 'bigint' } as const;
const EVENT = { pk: 'text', type: 'text', at: 'bigint', attempt: 'integer', detail: 'text' } as const;

export function prepareTakeStatements(db: Database<CoreSchema>): TakeStatements {
  const { rows } = db.dialect;
  const [messages, events] = [sql.table('messages'), sql.table('message_events')];
  const raw = <Input, Row = unknown>(build: (p: Input) => ReturnType<typeof sql>) =>
    db.prepare<Input, Row>((k, p) => ({
      compile: () => build(p).compile(k) as ReturnType<ReturnType<typeof sql<Row>>['compile']>,
    }));
  const pks = (json: string) => sql`(select r.pk from ${rows<{ pk: string }>(json, { pk: 'text' })} r)`;
  const ofMessage = sql`join ${messages} m on m.tenant_id = r.tenant_id and m.id = r.id
    where (r.created_at is null or m.created_at = r.created_at)`;
  return {
    attempts: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .from(rows<Pick<EndRow, 'pk' | 'attempts'>>(p.rows, { pk: 'text', attempts: 'integer' }).as('r'))
        .set((eb) => ({ attempts: eb.ref('r.attempts') }))
        .whereRef('messages.pk', '=', 'r.pk'),
    ),
    end: db.prepare((k, p) =>
      k
        .updateTable('messages')
        .from(endRows(rows, p.rows).as('r'))
        .set((eb) => ({
          state: 'final' as const,
          result: eb.ref('r.result'),
          attempts: eb.ref('r.attempts'),
          last_error: eb.ref('r.last_error'),
          units: 0,
          updated_at: eb.ref('r.at'),
          final_at: eb.ref('r.at'),
        }))
        .whereRef('messages.pk', '=', 'r.pk'),
    ),
    endRecipients: db.prepare((k, p) =>
      k
        .updateTable('message_recipients')
        .from(endRows(rows, p.rows).as('r'))
        .set((eb) => ({
          state: eb.ref('r.recipient_state'),
          attempts: eb.ref('r.attempts'),
          reply: eb.ref('r.last_error'),
          updated_at: eb.ref('r.at'),
        }))
        .whereRef('message_recipients.message_pk', '=', 'r.pk'),
    ),
    markBare: raw((p) => sql`update ${messages} set content_removed = 1 where pk in ${pks(p.rows)}`),
    removeContents: raw((p) => sql`delete from ${sql.table('message_contents')} where message_pk in ${pks(p.rows)}`),
    failures: raw(
      (p) => sql`insert into ${events} (pk, tenant_id, message_pk, type, at, attempt, detail)
        select r.pk, m.tenant_id, m.pk, r.type, r.at, r.attempt, r.detail
        from ${rows<FailureRow>(p.rows, { ...EVENT, message_pk: 'text' })} r
        join ${messages} m on m.pk = r.message_pk`,
    ),
    ids: raw(
      (
        p,
      ) => sql`insert into ${sql.table('message_ends')} (tenant_id, id, message_pk, result, final_at, written_at, forget_at)
        select r.tenant_id, r.id, r.message_pk, r.result, r.final_at, cast(${p.now} as bigint), cast(${p.forget_at} as bigint)
        from ${rows<TakenIdRow>(p.rows, { tenant_id: 'text', id: 'text', message_pk: 'text', result: 'text', final_at: 'bigint' })} r
        where not exists (select 1 from ${messages} m where m.tenant_id = r.tenant_id and m.id = r.id)
        on conflict do nothing`,
    ),
    events: raw(
      (p) => sql`insert into ${events} (pk, tenant_id, message_pk, type, at, attempt, detail)
        select r.pk, m.tenant_id, m.pk, r.type, r.at, r.attempt, r.detail
        from ${rows<EventRow>(p.rows, { ...EVENT, ...OF_MESSAGE })} r ${ofMessage}
        on conflict do nothing returning pk`,
    ),
    feedback: raw(
      (
        p,
      ) => sql`insert into ${sql.table('message_feedback')} (message_pk, key, event_pk, type, bounce_type, code, reason, at)
        select m.pk, r.key, r.event_pk, r.type, r.bounce_type, r.code, r.reason, r.at
        from ${rows<FeedbackRow>(p.rows, {
          ...OF_MESSAGE,
          key: 'text',
          event_pk: 'text',
          type: 'text',
          bounce_type: 'text',
          code: 'text',
          reason: 'text',
          at: 'bigint',
        })} r ${ofMessage}
        on conflict do nothing`,
    ),
    knownEvents: raw((p) => sql`select pk from ${events} where pk in ${pks(p.rows)}`),
    commands: raw(
      (
        p,
      ) => sql`insert into ${sql.table('command_log')} (pk, at, operation, tenant_id, principal, origin, input, outcome)
        select r.pk, r.at, r.operation, r.tenant_id, r.principal, r.origin, r.input, r.outcome
        from ${rows<Omit<CommandLogTable, 'request_id'>>(p.rows, {
          pk: 'text',
          at: 'bigint',
          operation: 'text',
          tenant_id: 'text',
          principal: 'text',
          origin: 'text',
          input: 'text',
          outcome: 'text',
        })} r where 1 = 1 on conflict do nothing`,
    ),
  };
}

function endRows(rows: Database<unknown>['dialect']['rows'], json: string) {
  return rows<EndRow>(json, {
    pk: 'text',
    result: 'text',
    recipient_state: 'text',
    attempts: 'integer',
    last_error: 'text',
    at: 'bigint',
  });
}
