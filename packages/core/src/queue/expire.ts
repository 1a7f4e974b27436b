// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import type { MessageResult } from '../entities/message/message-state.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { EventRecipient } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError } from '../errors.ts';
import type { MakePk } from '../identity.ts';

/** A message that was given up for its age. */
export interface ExpiredMessage {
  readonly pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  /** `partially_sent` where some had it before. */
  readonly result: MessageResult;
}

/**
 * Give up to `limit` messages up whose time is over, whatever they wait for; those that a session holds are its own to
 * judge. Several instances may do this at once: each message expires once.
 *
 * @returns those that this call gave up; fewer than `limit` were found when none is left
 */
export type Expire = (now: number, limit: number) => Promise<readonly ExpiredMessage[]>;

interface Overdue extends Omit<ExpiredMessage, 'result'> {
  readonly last_error: string | null;
}

type ExpiringRecipient = EventRecipient & { readonly message_pk: string };

const UNSENT = 'it expired before it was sent';

export function prepareExpire(db: Database<CoreSchema>, makePk: MakePk): Expire {
  const insertEvent = prepareInsertEvent(db);
  const overdue = db.prepare<{ now: number; limit: number }, Overdue>((k, p) =>
    k
      .selectFrom('messages')
      .select(['pk', 'tenant_id', 'account_pk', 'last_error'])
      .where('expires_at', '<=', p.now)
      // As the partial index says it.
      .where('state', '<>', sql.lit('final'))
      .where('state', '<>', sql.lit('leased'))
      .orderBy('expires_at')
      .limit(p.limit),
  );
  const recipientsOf = db.prepare<{ pk: string }, ExpiringRecipient>((k, p) =>
    k
      .selectFrom('message_recipients')
      .select(['message_pk', 'address', 'state', 'stage', 'code', 'enhanced', 'reply'])
      .where('message_pk', '=', p.pk)
      .orderBy('position'),
  );
  const giveUp = db.prepare<{ pk: string; now: number; reason: string }, { result: MessageResult }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: sql.lit('final'),
        result: sql<MessageResult>`case when exists (
          select 1 from ${sql.table('message_recipients')} r where r.message_pk = messages.pk and r.state = 'sent'
        ) then 'partially_sent' else 'expired' end`,
        last_error: p.reason,
        owner_session: null,
        handed_at: null,
        units: 0,
        final_at: p.now,
        updated_at: p.now,
      })
      .where('pk', '=', p.pk)
      .where('expires_at', '<=', p.now)
      .where('state', '<>', sql.lit('final'))
      .where('state', '<>', sql.lit('leased'))
      .returning('result')
      .$castTo<{ result: MessageResult }>(),
  );
  const giveUpRecipients = db.prepare<{ pk: string; now: number }>((k, p) =>
    k
      .updateTable('message_recipients')
      .set({ state: sql.lit('expired'), updated_at: p.now })
      .where('message_pk', '=', p.pk)
      .where(sql<boolean>`state in ('pending', 'in_doubt')`),
  );

  const expireOne = async (message: Overdue, recipients: readonly ExpiringRecipient[], now: number) => {
    const { pk, tenant_id } = message;
    const reason = message.last_error ?? UNSENT;
    const isPartial = recipients.some(({ state }) => state === 'sent');
    const isDoubtful = recipients.some(({ state }) => state === 'in_doubt');
    const expired = recipients
      .filter(({ state }) => state === 'pending' || state === 'in_doubt')
      .map(({ message_pk: _, ...recipient }) => ({ ...recipient, state: 'expired' }));
    const [given] = await db.write([
      exactlyOne(giveUp.bind({ pk, now, reason }), 'conflict'),
      giveUpRecipients.bind({ pk, now }),
      insertEvent.bind({
        pk: makePk(),
        tenant_id,
        message_pk: pk,
        account_pk: null,
        // As an attempt tells of the same end.
        type: isPartial ? 'partially_sent' : 'expired',
        at: now,
        attempt: 0,
        detail: JSON.stringify({ reason, ...(isDoubtful ? { possibleDuplicate: true } : {}), recipients: expired }),
        seq: null,
      }),
    ]);
    return given.rows[0]?.result ?? 'expired';
  };

  return async (now, limit) => {
    const found = await db.read(overdue.bind({ now, limit }));
    if (found.length === 0) return [];
    const recipients = await db.readAll(found.map(({ pk }) => recipientsOf.bind({ pk })));
    const ends = await Promise.allSettled(
      found.map((message, index) => expireOne(message, recipients[index]?.rows ?? [], now)),
    );
    for (const end of ends) {
      // Somebody claimed, changed or expired it first.
      if (end.status === 'rejected' && !isMailProxyError(end.reason, 'conflict')) throw end.reason;
    }
    return found.flatMap(({ pk, tenant_id, account_pk }, index) => {
      const end = ends[index];
      return end?.status === 'fulfilled' ? [{ pk, tenant_id, account_pk, result: end.value }] : [];
    });
  };
}
