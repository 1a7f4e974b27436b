// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Slice } from '../database/row-parameters.ts';
import type { Prepared } from '../database/statement.ts';
import type { MessageRecipientsTable, MessagesTable } from '../entities/message/message.table.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { type FileStatements, prepareFileStatements } from './file-statements.ts';
import { messageIsStored, type Rows, type RowsWithBytes, wasStored } from './stored-rows.ts';

type MessageRow = MessageDraft['message'] &
  Pick<MessagesTable, 'rank'> & { readonly state: Exclude<AcceptedState, 'suspended'> };
type RecipientRow = Pick<MessageRecipientsTable, 'message_pk' | 'position' | 'kind' | 'address' | 'updated_at'>;

/** The inserts of any number of messages, in the order in which they go. */
export interface AcceptStatements extends FileStatements {
  /** Passes over those whose id is taken, or was by a message that is gone; returns the others. */
  readonly messages: Prepared<Rows, { readonly pk: string; readonly state: AcceptedState }>;
  /** These insert what belongs to a message that was inserted, and nothing else. */
  readonly contents: Prepared<RowsWithBytes, unknown>;
  readonly recipients: Prepared<Rows, unknown>;
}

const AS_THEY_COME = ['pk', 'tenant_id', 'id', 'account_pk', 'priority', 'eligible_at', 'rank', 'batch_code'] as const;
const AND_THESE = [
  'message_id',
  'expires_at',
  'on_in_doubt',
  'units',
  'unfetched',
  'size_bytes',
  'created_at',
] as const;

export function prepareAcceptStatements(db: Database<CoreSchema>): AcceptStatements {
  const { rows, textSlice } = db.dialect;
  const slice = { start: sql.ref('r.start'), length: sql.ref('r.length') };
  return {
    messages: db.prepare((k, p) =>
      k
        .insertInto('messages')
        .columns([...AS_THEY_COME, ...AND_THESE, 'state', 'attempts', 'updated_at'])
        .expression(
          k
            .selectFrom(messageRows(rows, p.rows).as('r'))
            .select(AS_THEY_COME)
            .select(AND_THESE)
            .select([
              // Seen in the same statement: nothing becomes ready behind the back of a suspension that was committed.
              sql<AcceptedState>`case when exists (
                select 1 from ${sql.table('suspended_batches')} b where b.tenant_id = r.tenant_id and b.batch_code = r.batch_code
              ) then 'suspended' else r.state end`.as('state'),
              sql.lit(0).as('attempts'),
              'created_at as updated_at',
            ])
            // An id that the client chose may be of a message that is gone.
            .where(
              sql<boolean>`(r.id = r.pk or not exists (
                select 1 from ${sql.table('message_ends')} e where e.tenant_id = r.tenant_id and e.id = r.id
              ))`,
            ),
        )
        .onConflict((oc) => oc.doNothing())
        .returning(['pk', 'state'])
        .$castTo<{ pk: string; state: AcceptedState }>(),
    ),
    contents: db.prepare((k, p) =>
      k
        .insertInto('message_contents')
        .columns(['message_pk', 'content'])
        .expression(
          k
            .selectFrom(rows<{ message_pk: string } & Slice>(p.rows, { message_pk: 'text', ...SLICE }).as('r'))
            .select(['message_pk', textSlice(p.bytes, slice).as('content')])
            .where(messageIsStored),
        )
        .onConflict(wasStored),
    ),
    recipients: db.prepare((k, p) =>
      k
        .insertInto('message_recipients')
        .columns(['message_pk', 'position', 'kind', 'address', 'state', 'attempts', 'updated_at'])
        .expression(
          k
            .selectFrom(recipientRows(rows, p.rows).as('r'))
            .select(['message_pk', 'position', 'kind', 'address'])
            .select([sql.lit('pending').as('state'), sql.lit(0).as('attempts'), 'updated_at'])
            .where(messageIsStored),
        )
        .onConflict(wasStored),
    ),
    ...prepareFileStatements(db),
  };
}

const SLICE = { start: 'integer', length: 'integer' } as const;

type ReadRows = Database<unknown>['dialect']['rows'];

function messageRows(rows: ReadRows, json: string): RawBuilder<MessageRow> {
  return rows<MessageRow>(json, {
    pk: 'text',
    tenant_id: 'text',
    id: 'text',
    account_pk: 'text',
    state: 'text',
    priority: 'integer',
    eligible_at: 'bigint',
    rank: 'bigint',
    batch_code: 'text',
    message_id: 'text',
    expires_at: 'bigint',
    on_in_doubt: 'text',
    units: 'integer',
    unfetched: 'integer',
    size_bytes: 'bigint',
    created_at: 'bigint',
  });
}

function recipientRows(rows: ReadRows, json: string): RawBuilder<RecipientRow> {
  return rows<RecipientRow>(json, {
    message_pk: 'text',
    position: 'integer',
    kind: 'text',
    address: 'text',
    updated_at: 'bigint',
  });
}
