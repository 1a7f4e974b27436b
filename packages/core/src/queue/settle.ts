// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { CommitInDoubt, type Database } from '../database/database.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { MessageRecipientsTable, MessagesTable } from '../entities/message/message.table.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError } from '../errors.ts';
import type { MakePk } from '../identity.ts';
import type { HandoffMarks } from './handoff-marks.ts';
import { prepareRateUses, type RateUse } from './rate-limits.ts';
import { ifSessionLives } from './session-lives.ts';

/** What an attempt decided, complete: the new state, each recipient it touched, one line of history. */
export interface Settlement {
  readonly pk: string;
  readonly tenantId: string;
  readonly session: number;
  /** Milliseconds. */
  readonly now: number;
  readonly state: Extract<MessagesTable['state'], 'ready' | 'deferred' | 'in_doubt' | 'final'>;
  /** Given exactly when the state is final. */
  readonly result: MessagesTable['result'];
  readonly attempts: number;
  /** When it may be tried again; kept where it is null. */
  readonly eligibleAt: number | null;
  readonly lastError: string | null;
  /** Recipients that are still to be served. */
  readonly units: number;
  /** What counts under rate limits. */
  readonly uses: readonly RateUse[];
  readonly recipients: readonly Omit<MessageRecipientsTable, 'message_pk' | 'kind' | 'address' | 'updated_at'>[];
  readonly event: { readonly type: EventType; readonly attempt: number; readonly detail: EventDetail };
}

/**
 * Written again after a commit in doubt, the same settlement finds itself written, if it was.
 *
 * @throws {MailProxyError} `lease_lost`: the message is another session's by now, nothing was written
 * @throws {CommitInDoubt}
 */
export type Settle = (settlement: Settlement) => Promise<void>;

type OwnedUpdate = Pick<
  MessagesTable,
  'pk' | 'state' | 'result' | 'attempts' | 'eligible_at' | 'last_error' | 'units' | 'updated_at' | 'final_at'
> & { readonly session: number };

/**
 * Write the end of an attempt in one unit: state, recipients and event, all or nothing, and only as their owner.
 * Marks of other messages that wait go along.
 */
export function prepareSettle(db: Database<CoreSchema>, makePk: MakePk, marks?: HandoffMarks): Settle {
  const bookUses = prepareRateUses(db);
  const insertEvent = prepareInsertEvent(db);
  const update = (moved: boolean) =>
    db.prepare<OwnedUpdate>((k, p) =>
      k
        .updateTable('messages')
        .set({
          state: p.state,
          result: p.result,
          owner_session: null,
          handed_at: null,
          units: p.units,
          attempts: p.attempts,
          last_error: p.last_error,
          updated_at: p.updated_at,
          final_at: p.final_at,
        })
        .$if(moved, (q) => q.set({ eligible_at: p.eligible_at }))
        .where('pk', '=', p.pk)
        .where('state', '=', sql.lit('leased'))
        .where('owner_session', '=', p.session)
        .where(ifSessionLives(p.session)),
    );
  const moveInTime = update(true);
  const keepTime = update(false);
  const updateRecipient = db.prepare<Omit<MessageRecipientsTable, 'kind' | 'address'>>((k, p) =>
    k
      .updateTable('message_recipients')
      .set({
        state: p.state,
        attempts: p.attempts,
        stage: p.stage,
        code: p.code,
        enhanced: p.enhanced,
        reply: p.reply,
        verdict: p.verdict,
        updated_at: p.updated_at,
      })
      .where('message_pk', '=', p.message_pk)
      .where('position', '=', p.position),
  );

  const findEvent = db.prepare<{ pk: string }, { pk: string }>((k, p) =>
    k.selectFrom('message_events').select('pk').where('pk', '=', p.pk),
  );
  /** The events of settlements in doubt: each keeps its key, by which it is recognised. */
  const inDoubt = new WeakMap<Settlement, string>();

  return async (settlement) => {
    const { pk, now, eligibleAt, state } = settlement;
    const knownEventPk = inDoubt.get(settlement);
    const eventPk = knownEventPk ?? makePk();
    const owned = (eligibleAt === null ? keepTime : moveInTime).bind({
      pk,
      session: settlement.session,
      state,
      result: settlement.result,
      attempts: settlement.attempts,
      eligible_at: eligibleAt ?? 0,
      last_error: settlement.lastError,
      units: settlement.units,
      updated_at: now,
      final_at: state === 'final' ? now : null,
    });
    const unit: Statement[] = [exactlyOne(owned, 'lease_lost')];
    for (const recipient of settlement.recipients) {
      unit.push(updateRecipient.bind({ ...recipient, message_pk: pk, updated_at: now }));
    }
    unit.push(
      insertEvent.bind({
        pk: eventPk,
        tenant_id: settlement.tenantId,
        message_pk: pk,
        account_pk: null,
        type: settlement.event.type,
        at: now,
        attempt: settlement.event.attempt,
        detail: JSON.stringify(settlement.event.detail),
        seq: null,
      }),
    );
    unit.push(...bookUses(settlement.uses, settlement.session));
    marks?.forget(pk);
    const written = db.write(unit);
    // In the same turn, so in the same commit; a mark that is lost harms nobody.
    const waiting = marks?.take() ?? [];
    try {
      await Promise.all([written, waiting.length === 0 ? null : Promise.allSettled([db.write(waiting)])]);
    } catch (error) {
      if (error instanceof CommitInDoubt) inDoubt.set(settlement, eventPk);
      // The update has waited for the transaction in doubt, so what that wrote is to be seen.
      const isOver = knownEventPk !== undefined && isMailProxyError(error, 'lease_lost');
      if (isOver && (await db.read(findEvent.bind({ pk: eventPk }))).length === 1) return;
      throw error;
    }
  };
}
