// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { LimitUnit } from '../entities/account/account.table.ts';
import type { OnInDoubt, RecipientState } from '../entities/message/message.table.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';
import { limitsOf, prepareRateUses, type RateUse, usesOf } from './rate-limits.ts';

/** A message that its dead session held. */
export interface RescuedMessage {
  readonly pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  readonly attempts: number;
  /** It waits in its lane; otherwise its end is doubtful, and its policy is not to send it again by itself. */
  readonly isReady: boolean;
}

/**
 * Take back what an ended session held, at most `limit` messages, each with an event.
 *
 * | `on_in_doubt` | handed over | becomes | counts as an attempt and under rate limits |
 * |---|---|---|---|
 * | retry | unknown | ready, with the same Message-ID | yes |
 * | hold, fail | no | ready | no |
 * | hold | yes | in doubt | yes |
 * | fail | yes | failed | yes |
 */
export type Rescue = (
  session: number,
  options: { readonly now: number; readonly limit: number },
) => Promise<readonly RescuedMessage[]>;

interface Taken {
  readonly pk: string;
  readonly session: number;
  /** Milliseconds. */
  readonly now: number;
}

export function prepareRescue(db: Database<CoreSchema>, makePk: MakePk): Rescue {
  const insertEvent = prepareInsertEvent(db);
  const held = db.prepare<{ session: number; limit: number }, HeldRow>((k, p) =>
    k
      .selectFrom('messages')
      .innerJoin('accounts', 'accounts.pk', 'messages.account_pk')
      .innerJoin('tenants', 'tenants.id', 'messages.tenant_id')
      .select(['messages.pk', 'messages.tenant_id', 'messages.account_pk', 'messages.attempts', 'messages.units'])
      .select(['messages.on_in_doubt', 'messages.handed_at'])
      .select(['accounts.limit_per_minute', 'accounts.limit_per_hour', 'accounts.limit_per_day', 'accounts.limit_unit'])
      .select([
        'tenants.limit_per_minute as tenant_per_minute',
        'tenants.limit_per_hour as tenant_per_hour',
        'tenants.limit_per_day as tenant_per_day',
        'tenants.limit_unit as tenant_unit',
      ])
      .where('messages.state', '=', sql.lit('leased'))
      .where('messages.owner_session', '=', p.session)
      .limit(p.limit),
  );
  const makeReady = db.prepare<Taken & { counted: number }>((k, p) =>
    k
      .updateTable('messages')
      .set((eb) => ({
        state: sql.lit('ready'),
        owner_session: null,
        handed_at: null,
        attempts: eb('attempts', '+', p.counted),
        updated_at: p.now,
      }))
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  const hold = db.prepare<Taken & { reason: string }>((k, p) =>
    k
      .updateTable('messages')
      .set((eb) => ({
        state: sql.lit('in_doubt'),
        owner_session: null,
        handed_at: null,
        units: 0,
        last_error: p.reason,
        attempts: eb('attempts', '+', 1),
        updated_at: p.now,
      }))
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  const fail = db.prepare<Taken & { reason: string }>((k, p) =>
    k
      .updateTable('messages')
      .set((eb) => ({
        state: sql.lit('final'),
        result: sql<'failed'>`case when exists (
          select 1 from ${sql.table('message_recipients')} r where r.message_pk = messages.pk and r.state = 'sent'
        ) then 'partially_sent' else 'failed' end`,
        owner_session: null,
        handed_at: null,
        units: 0,
        last_error: p.reason,
        attempts: eb('attempts', '+', 1),
        updated_at: p.now,
        final_at: p.now,
      }))
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  const decidePending = db.prepare<{ pk: string; now: number; state: RecipientState; reply: string }>((k, p) =>
    k
      .updateTable('message_recipients')
      .set((eb) => ({ state: p.state, reply: p.reply, attempts: eb('attempts', '+', 1), updated_at: p.now }))
      .where('message_pk', '=', p.pk)
      .where('state', '=', sql.lit('pending')),
  );
  const bookUses = prepareRateUses(db);

  /** The unit that brings one message back, by what may have happened to it. */
  const rescueUnit = (row: HeldRow, session: number, now: number): readonly Statement[] => {
    const { pk, tenant_id, attempts } = row;
    const end = endOf(row);
    const taken = { pk, session, now };
    const event = insertEvent.bind({
      pk: makePk(),
      tenant_id,
      message_pk: pk,
      account_pk: null,
      type: EVENT_OF[end],
      at: now,
      attempt: attempts + (end === 'unsent' ? 0 : 1),
      detail: JSON.stringify({ reason: REASON_OF[end], ...(end === 'unsent' ? {} : { possibleDuplicate: true }) }),
      seq: null,
    });
    const uses = end === 'unsent' ? [] : bookUses(usesOfRow(row, now), session);
    switch (end) {
      case 'unsent':
        return [exactlyOne(makeReady.bind({ ...taken, counted: 0 }), 'lease_lost'), event];
      case 'retry':
        return [exactlyOne(makeReady.bind({ ...taken, counted: 1 }), 'lease_lost'), event, ...uses];
      case 'hold':
        return [
          exactlyOne(hold.bind({ ...taken, reason: REASON_OF.hold }), 'lease_lost'),
          decidePending.bind({ pk, now, state: 'in_doubt', reply: REASON_OF.hold }),
          event,
          ...uses,
        ];
      case 'fail':
        return [
          exactlyOne(fail.bind({ ...taken, reason: REASON_OF.fail }), 'lease_lost'),
          decidePending.bind({ pk, now, state: 'failed', reply: REASON_OF.fail }),
          event,
          ...uses,
        ];
      default:
        return end satisfies never;
    }
  };

  return async (session, { now, limit }) => {
    const messages = await db.read(held.bind({ session, limit }));
    const outcomes = await Promise.allSettled(messages.map((row) => db.write(rescueUnit(row, session, now))));
    // Another instance that rescues the same session may have been faster with some.
    const rescued = messages.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    return rescued.map((row) => ({ ...row, isReady: ['unsent', 'retry'].includes(endOf(row)) }));
  };
}

/** What becomes of a message whose session died. */
type RescueEnd = 'unsent' | 'retry' | 'hold' | 'fail';

interface HeldRow extends Omit<RescuedMessage, 'isReady'> {
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

/** Under `retry` the mark may not have been written yet, so each counts as handed over. */
function endOf({ on_in_doubt: policy, handed_at }: Pick<HeldRow, 'on_in_doubt' | 'handed_at'>): RescueEnd {
  return policy !== 'retry' && handed_at === null ? 'unsent' : policy;
}

const EVENT_OF = {
  unsent: 'interrupted',
  retry: 'interrupted',
  hold: 'in_doubt',
  fail: 'error',
} as const satisfies Record<RescueEnd, EventType>;

const REASON_OF: Readonly<Record<RescueEnd, string>> = {
  unsent: 'the instance that held the message stopped before it was handed to the relay',
  retry: 'the instance that held the message stopped before it recorded an outcome',
  hold: 'the instance that held the message stopped before it recorded an outcome; the relay may have taken it',
  fail: 'the instance that held the message stopped before it recorded an outcome, and it is not to be sent twice',
};

function usesOfRow(row: HeldRow, now: number): readonly RateUse[] {
  const limits = limitsOf({
    account: {
      perMinute: row.limit_per_minute,
      perHour: row.limit_per_hour,
      perDay: row.limit_per_day,
      unit: row.limit_unit,
    },
    tenant: {
      perMinute: row.tenant_per_minute,
      perHour: row.tenant_per_hour,
      perDay: row.tenant_per_day,
      unit: row.tenant_unit,
    },
  });
  const lane = { accountPk: row.account_pk, tenantId: row.tenant_id };
  return usesOf(lane, limits, { messages: 1, recipients: row.units, at: now });
}
