// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';

/** What there is to cancel, and by whom it may be held. */
export interface Cancellable {
  readonly pk: string;
  readonly tenantId: string;
  /** This session holds it and guarantees that it never reaches MAIL. */
  readonly ownedBy?: number | undefined;
}

/**
 * Cancel a message that nobody is sending. One conditional update decides: once it succeeded the message is never
 * sent.
 *
 * @throws {MailProxyError} `in_flight` when a session holds the message, or it is in doubt or final already
 */
export type Cancel = (message: Cancellable, now: number) => Promise<void>;

export function prepareCancel(db: Database<CoreSchema>, makePk: MakePk): Cancel {
  const insertEvent = prepareInsertEvent(db);
  const cancelRow = db.prepare<{ pk: string; now: number }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: sql.lit('final'),
        result: sql.lit('cancelled'),
        owner_session: null,
        final_at: p.now,
        updated_at: p.now,
        units: 0,
      })
      .where('pk', '=', p.pk)
      .where(sql<boolean>`state in ('preparing', 'ready', 'deferred', 'suspended', 'held')`),
  );
  // Not fenced by the life of the session: whoever found it dead made its messages ready, and then this finds none.
  const cancelOwned = db.prepare<{ pk: string; session: number; now: number }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: sql.lit('final'),
        result: sql.lit('cancelled'),
        owner_session: null,
        handed_at: null,
        final_at: p.now,
        updated_at: p.now,
        units: 0,
      })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  const cancelRecipients = db.prepare<{ pk: string; now: number }>((k, p) =>
    k
      .updateTable('message_recipients')
      .set({ state: sql.lit('cancelled'), updated_at: p.now })
      .where('message_pk', '=', p.pk)
      .where('state', '=', sql.lit('pending')),
  );
  return async ({ pk, tenantId, ownedBy }, now) => {
    const cancelled =
      ownedBy === undefined ? cancelRow.bind({ pk, now }) : cancelOwned.bind({ pk, session: ownedBy, now });
    await db.write([
      exactlyOne(cancelled, 'in_flight'),
      cancelRecipients.bind({ pk, now }),
      insertEvent.bind({
        pk: makePk(),
        tenant_id: tenantId,
        message_pk: pk,
        account_pk: null,
        type: 'cancelled',
        at: now,
        attempt: 0,
        detail: JSON.stringify({ reason: 'cancelled' }),
        seq: null,
      }),
    ]);
  };
}
