// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database, UnitWriter } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';
import type {
  MessageAttachmentsTable,
  MessageContentsTable,
  MessageRecipientsTable,
  MessagesTable,
} from '../entities/message/message.table.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { rankOf } from './rank.ts';

/**
 * @param writer the database by default; a transaction that the message is to be part of
 * @returns the state in which it was stored: due now, or later, or parked with its batch
 */
export type AcceptInto = (draft: MessageDraft, writer?: UnitWriter) => Promise<AcceptedState>;

export type Accept = (draft: MessageDraft) => Promise<AcceptedState>;

type InsertMessage = MessageDraft['message'] & Pick<MessagesTable, 'rank'> & { readonly state: 'ready' | 'deferred' };

/**
 * Store a message with all that belongs to it. Resolves once it is on disk; messages accepted in the same turn share
 * that commit.
 *
 * @throws {UniqueViolation} the tenant has a message with that id
 */
export function prepareAccept(db: Database<CoreSchema>, stepMs: number): AcceptInto {
  const insert = (mayBeSuspended: boolean) =>
    db.prepare<InsertMessage, { state: AcceptedState }>((k, p) =>
      k
        .insertInto('messages')
        .values({
          pk: p.pk,
          tenant_id: p.tenant_id,
          id: p.id,
          account_pk: p.account_pk,
          // Seen in the same statement: nothing becomes ready behind the back of a suspension that was committed.
          state: mayBeSuspended
            ? sql<AcceptedState>`case when exists (
                select 1 from ${sql.table('suspended_batches')}
                  where tenant_id = ${p.tenant_id} and batch_code = ${p.batch_code}
              ) then 'suspended' else ${p.state} end`
            : p.state,
          result: null,
          priority: p.priority,
          eligible_at: p.eligible_at,
          rank: p.rank,
          owner_session: null,
          attempts: 0,
          batch_code: p.batch_code,
          message_id: p.message_id,
          expires_at: p.expires_at,
          on_in_doubt: p.on_in_doubt,
          units: p.units,
          last_error: null,
          created_at: p.created_at,
          updated_at: p.created_at,
          final_at: null,
        })
        .returning('state')
        .$castTo<{ state: AcceptedState }>(),
    );
  const insertMessage = insert(false);
  const insertIntoBatch = insert(true);
  const insertContent = db.prepare<MessageContentsTable>((k, p) =>
    k.insertInto('message_contents').values({ message_pk: p.message_pk, content: p.content }),
  );
  const insertRecipient = db.prepare<
    Pick<MessageRecipientsTable, 'message_pk' | 'position' | 'kind' | 'address' | 'updated_at'>
  >((k, p) =>
    k.insertInto('message_recipients').values({
      message_pk: p.message_pk,
      position: p.position,
      kind: p.kind,
      address: p.address,
      state: 'pending',
      attempts: 0,
      stage: null,
      code: null,
      enhanced: null,
      reply: null,
      verdict: null,
      updated_at: p.updated_at,
    }),
  );
  const insertAttachment = db.prepare<MessageAttachmentsTable>((k, p) =>
    k.insertInto('message_attachments').values({
      message_pk: p.message_pk,
      position: p.position,
      filename: p.filename,
      mime_type: p.mime_type,
      disposition: p.disposition,
      content_id: p.content_id,
      bytes: p.bytes,
    }),
  );

  return async ({ message, content, recipients, attachments }, writer = db) => {
    const message_pk = message.pk;
    const state = message.eligible_at > message.created_at ? 'deferred' : 'ready';
    const rank = rankOf(message.eligible_at, message.priority, stepMs);
    const unit: Statement[] = [insertContent.bind({ message_pk, content })];
    for (const [position, recipient] of recipients.entries()) {
      unit.push(insertRecipient.bind({ ...recipient, message_pk, position, updated_at: message.created_at }));
    }
    for (const [position, attachment] of attachments.entries()) {
      unit.push(insertAttachment.bind({ ...attachment, message_pk, position }));
    }
    if (message.batch_code === null) {
      await writer.write([insertMessage.bind({ ...message, state, rank }), ...unit]);
      return state;
    }
    const [inserted] = await writer.write([insertIntoBatch.bind({ ...message, state, rank }), ...unit]);
    return inserted.rows[0]?.state ?? state;
  };
}
