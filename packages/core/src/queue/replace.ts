// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database, UnitWriter } from '../database/database.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { MessagesTable } from '../entities/message/message.table.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import type { Replacement } from '../entities/message/once.types.ts';
import type { MessageEventsTable } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { insertBelongings } from './accept.ts';
import { prepareAcceptStatements } from './accept-statements.ts';
import type { AcceptedMail } from './accepted-mail.ts';
import { isReplaceable } from './find-taken.ts';
import { prepareLockMessages } from './lock-messages.ts';
import { rankOf } from './rank.ts';

type ReplacedRow = Pick<
  MessagesTable,
  | 'pk'
  | 'tenant_id'
  | 'account_pk'
  | 'priority'
  | 'eligible_at'
  | 'rank'
  | 'batch_code'
  | 'message_id'
  | 'expires_at'
  | 'on_in_doubt'
  | 'units'
  | 'unfetched'
  | 'size_bytes'
  | 'updated_at'
>;
type EventRow = Pick<MessageEventsTable, 'pk' | 'message_pk' | 'tenant_id' | 'at' | 'detail'> &
  Pick<MessagesTable, 'account_pk'>;

/**
 * The statements of one replacement. They succeed as a whole or fail their unit with `in_flight`: a message is replaced
 * while it waits in nobody's hands and no relay may have taken any of it, so that never both are sent.
 *
 * The message keeps its key and its history. The last statement returns its new state.
 */
export type Replace = (replacement: Replacement) => readonly Statement[];

export interface ReplaceOptions {
  /** Makes of a draft the one of the message that it replaces. */
  readonly move?: (draft: MessageDraft, pk: string) => MessageDraft;
  /** Knows what messages said that are replaced. */
  readonly accepted?: AcceptedMail | null;
}

export function prepareReplace(
  db: Database<CoreSchema>,
  stepMs: number,
  { move = withKey, accepted = null }: ReplaceOptions = {},
): Replace {
  const accept = prepareAcceptStatements(db);
  const lock = prepareLockMessages(db);
  // Goes first: it holds the condition, of which nothing that follows is true any more.
  const tell = db.prepare<EventRow>((k, p) =>
    k
      .insertInto('message_events')
      .columns(['pk', 'tenant_id', 'message_pk', 'type', 'at', 'attempt', 'detail'])
      .expression((eb) =>
        eb
          .selectFrom('messages')
          .select([
            sql<string>`cast(${p.pk} as text)`.as('pk'),
            'tenant_id',
            'messages.pk as message_pk',
            sql<'replaced'>`'replaced'`.as('type'),
            bigint(p.at).as('at'),
            sql.lit(0).as('attempt'),
            sql<string>`cast(${p.detail} as text)`.as('detail'),
          ])
          .where('messages.pk', '=', p.message_pk)
          .where('messages.tenant_id', '=', p.tenant_id)
          .where(isReplaceable)
          // Mail that was to go out does not end in a sandbox, nor the other way round.
          .where(sql<boolean>`(select type from ${sql.table('accounts')} where pk = messages.account_pk)
            = (select type from ${sql.table('accounts')} where pk = ${p.account_pk})`),
      ),
  );
  const removals = (['message_contents', 'message_recipients', 'message_attachments'] as const).map((table) =>
    db.prepare<{ pk: string }>((k, p) => k.deleteFrom(table).where('message_pk', '=', p.pk)),
  );
  const update = db.prepare<ReplacedRow, { state: MessageState }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        account_pk: p.account_pk,
        priority: p.priority,
        eligible_at: p.eligible_at,
        rank: p.rank,
        batch_code: p.batch_code,
        message_id: p.message_id,
        expires_at: p.expires_at,
        on_in_doubt: p.on_in_doubt,
        units: p.units,
        unfetched: p.unfetched,
        size_bytes: p.size_bytes,
        fetch_attempts: 0,
        owner_session: null,
        last_error: null,
        updated_at: p.updated_at,
        // As at acceptance; what a person holds stays so.
        state: sql<MessageState>`case when state = 'held' then 'held' when exists (
          select 1 from ${sql.table('suspended_batches')} b
          where b.tenant_id = messages.tenant_id and b.batch_code = ${p.batch_code}
        ) then 'suspended' when ${bigint(p.eligible_at)} > ${bigint(p.updated_at)} then 'deferred'
        when ${p.unfetched} > 0 then 'preparing' else 'ready' end`,
      })
      .where('pk', '=', p.pk)
      .where('tenant_id', '=', p.tenant_id)
      .returning('state'),
  );
  return ({ targetPk: pk, draft, eventPk }) => {
    accepted?.forget(pk);
    const { message } = draft;
    const { tenant_id, id: _, created_at: now, ...columns } = message;
    return [
      ...lock([{ pk }]),
      exactlyOne(
        tell.bind({
          pk: eventPk,
          message_pk: pk,
          tenant_id,
          account_pk: message.account_pk,
          at: now,
          detail: JSON.stringify({ reason: 'replaced by a message with the same id' }),
        }),
        'in_flight',
      ),
      ...removals.map((removal) => removal.bind({ pk })),
      ...insertBelongings(accept, [move(draft, pk)]),
      exactlyOne(
        update.bind({
          ...columns,
          pk,
          tenant_id,
          rank: rankOf(message.eligible_at, message.priority, stepMs),
          updated_at: now,
        }),
        'in_flight',
      ),
    ];
  };
}

/** Replace what one message said. @returns its new state */
export function replaceAlone(db: Database<CoreSchema>, replace: Replace) {
  return async (replacement: Replacement, writer: UnitWriter = db): Promise<MessageState> => {
    const results = await writer.write(replace(replacement));
    // The last statement returns one row, of this shape.
    const [row] = (results.at(-1)?.rows ?? []) as readonly { readonly state: MessageState }[];
    if (row === undefined) throw new Error('a message was replaced that is not there');
    return row.state;
  };
}

/** PostgreSQL would take a parameter alone for text. */
function bigint(ms: number): RawBuilder<number> {
  return sql<number>`cast(${ms} as bigint)`;
}

function withKey(draft: MessageDraft, pk: string): MessageDraft {
  return { ...draft, message: { ...draft.message, pk } };
}
