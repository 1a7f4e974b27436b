// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { ControlledMessage, MessageChange, MessageControl } from '../entities/message/message-control.types.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import { prepareInsertEvent } from '../entities/message-event/message-event.store.ts';
import type { EventDetail, EventRecipient, EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError } from '../errors.ts';
import type { MakePk } from '../identity.ts';
import { prepareCancel } from './cancel.ts';
import { prepareControlStatements } from './control-statements.ts';

/** What is left of a change once its statements are known. */
interface Unit {
  readonly update: Statement<{ state: MessageState }>;
  readonly recipients: readonly Statement[];
  /** Null: nothing to tell. */
  readonly event: { readonly type: EventType; readonly detail: EventDetail } | null;
}

/**
 * The changes by hand. Each is one unit whose first statement is conditional on the state, so that it is done once and
 * whole, or not at all, whatever the dispatcher and others do at the same moment.
 */
export function createMessageControl(
  db: Database<CoreSchema>,
  { makePk, stepMs }: { readonly makePk: MakePk; readonly stepMs: number },
): MessageControl {
  const cancel = prepareCancel(db, makePk);
  const insertEvent = prepareInsertEvent(db);
  const statements = prepareControlStatements(db, stepMs);

  const confirmation = async (pk: string, now: number): Promise<Unit> => {
    const decided = await db.read(statements.decidedByConfirmation.bind({ pk }));
    return {
      update: statements.confirm.bind({ pk, now }),
      recipients: [statements.confirmRecipients.bind({ pk, now })],
      event: { type: 'confirmed', detail: { reason: 'confirmed by hand', recipients: decided.map(asSent) } },
    };
  };

  const unitOf = async (
    { pk, state }: ControlledMessage,
    change: Exclude<MessageChange, { action: 'cancel' }>,
    now: number,
  ): Promise<Unit> => {
    const { ownedBy = null } = change;
    switch (change.action) {
      case 'hold':
        return {
          update: statements.hold.bind({ pk, now, session: ownedBy }),
          recipients: [],
          event: { type: 'held', detail: { reason: 'held by hand' } },
        };
      case 'release':
        return {
          update: statements.release.bind({ pk, now }),
          recipients: [],
          event: { type: 'released', detail: { reason: 'released by hand' } },
        };
      case 'retry': {
        const isFinal = state === 'final';
        return {
          update: isFinal
            ? statements.retryFinal.bind({ pk, now, expires_at: change.expiresAt })
            : statements.retryWaiting.bind({ pk, now }),
          recipients: [(isFinal ? statements.reviveRecipients : statements.retryUnserved).bind({ pk, now })],
          event: { type: 'retried', detail: { reason: 'retried by hand' } },
        };
      }
      case 'reschedule': {
        // A time that is past gives no place in front of what waits already.
        const sendAt = Math.max(now, change.sendAt);
        const target = sendAt > now ? 'deferred' : 'ready';
        const due = { pk, now, send_at: sendAt, target, session: ownedBy } as const;
        return {
          update:
            change.expiresAt === null
              ? statements.reschedule.bind(due)
              : statements.rescheduleAndExpire.bind({ ...due, expires_at: change.expiresAt }),
          recipients: [],
          event: null,
        };
      }
      case 'confirm':
        return confirmation(pk, now);
      default:
        return change satisfies never;
    }
  };

  return {
    async apply(message, change, now) {
      const { pk, tenant_id } = message;
      try {
        if (change.action === 'cancel') {
          await cancel({ pk, tenantId: tenant_id, ownedBy: change.ownedBy }, now);
          return 'final';
        }
        const { update, recipients, event } = await unitOf(message, change, now);
        const unit: Statement[] = [...recipients];
        if (event !== null) {
          unit.push(
            insertEvent.bind({
              pk: makePk(),
              tenant_id,
              message_pk: pk,
              account_pk: null,
              type: event.type,
              at: now,
              attempt: 0,
              detail: JSON.stringify(event.detail),
              seq: null,
            }),
          );
        }
        const [updated] = await db.write([exactlyOne(update, 'conflict'), ...unit]);
        return updated.rows[0]?.state ?? null;
      } catch (error) {
        if (isMailProxyError(error, 'conflict') || isMailProxyError(error, 'in_flight')) return null;
        throw error;
      }
    },
  };
}

function asSent(recipient: EventRecipient): EventRecipient {
  return { ...recipient, state: 'sent' };
}
