// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';

/**
 * Cancel a message that nobody is sending. One conditional update decides: once it succeeded the message is never
 * sent.
 *
 * @throws {MailProxyError} `in_flight` when a session holds the message, or it is final already
 */
export type Cancel = (message: { readonly pk: string; readonly tenantId: string }, now: number) => Promise<void>;

export function prepareCancel(db: Database<CoreSchema>, makePk: MakePk): Cancel {
  const insertEvent = prepareInsertEvent(db);
  const cancel = db.prepare<{ pk: string; now: number }>((k, p) =>
    k
      .updateTable('messages')
      .set({ state: sql.lit('final'), result: sql.lit('cancelled'), final_at: p.now, updated_at: p.now })
      .where('pk', '=', p.pk)
      .where(sql<boolean>`state in ('preparing', 'ready', 'deferred', 'suspended', 'held')`),
  );
  const cancelRecipients = db.prepare<{ pk: string; now: number }>((k, p) =>
    k
      .updateTable('message_recipients')
      .set({ state: sql.lit('cancelled'), updated_at: p.now })
      .where('message_pk', '=', p.pk)
      .where('state', '=', sql.lit('pending')),
  );
  return async ({ pk, tenantId }, now) => {
    await db.write([
      exactlyOne(cancel.bind({ pk, now }), 'in_flight'),
      cancelRecipients.bind({ pk, now }),
      insertEvent.bind({
        pk: makePk(),
        tenant_id: tenantId,
        message_pk: pk,
        type: 'cancelled',
        at: now,
        attempt: 0,
        detail: JSON.stringify({ reason: 'cancelled' }),
        seq: null,
      }),
    ]);
  };
}
