// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Prepared, Statement } from '@mail-proxy/core';
import type { PecDatabase, PecRecipientState } from '../receipts.table.ts';

/** One recipient of a message, and the receipt that says something of it. */
export interface Said {
  readonly message_pk: string;
  readonly position: number;
  readonly said_at: number;
  readonly receipt_pk: string;
}

/** Until when a delivery is awaited, milliseconds. */
export interface DeliveryTimes {
  readonly due_at: number;
  readonly give_up_at: number;
}

/**
 * What receipts change of what is awaited. In whatever order they come, and whoever else writes meanwhile:
 *
 * | what is said | of a recipient that is | becomes |
 * |---|---|---|
 * | accepted | `pending`, `sent` | `accepted`, or `external` where it has no PEC mailbox |
 * | taken over | `pending`, `sent`, `accepted` | `relayed` |
 * | delivered, verified | all | `delivered` |
 * | delivered, unverified | all but `failed` | `delivered` |
 * | not delivered, for good; not accepted | all but `delivered` | `failed` |
 *
 * All else stays as it is; the history of the message tells of everything.
 */
export interface States {
  messageAccepted(message: { readonly message_pk: string; readonly at: number }): Statement;
  messageRefused(message: { readonly message_pk: string; readonly at: number }): Statement;
  accepted(said: Said, times: DeliveryTimes): readonly Statement[];
  external(said: Said): Statement;
  relayed(said: Said): Statement;
  delivered(said: Said, isVerified: boolean): Statement;
  failed(said: Said, reason: string): Statement;
}

const NEW = ['pending', 'sent'] as const;
const UNDER_WAY = [...NEW, 'accepted', 'relayed'] as const;

export function createStates(database: PecDatabase): States {
  const message = (column: 'accepted_at' | 'refused_at') =>
    database.prepare<{ readonly message_pk: string; readonly at: number }>((k, p) =>
      k
        .updateTable('pec_messages')
        .set((eb) => ({ [column]: eb.fn.coalesce(column, eb.cast<number>(eb.val(p.at), 'bigint')), due_at: null }))
        .where('message_pk', '=', p.message_pk),
    );
  const becomes = (state: PecRecipientState, from: readonly PecRecipientState[]): Prepared<Said, unknown> =>
    database.prepare<Said>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set({ state, said_at: p.said_at, receipt_pk: p.receipt_pk })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position)
        .where('state', 'in', [...from]),
    );
  const ends = (state: 'delivered' | 'failed', from: readonly PecRecipientState[]) =>
    database.prepare<Said & { readonly reason: string | null }>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set({
          ...{ state, said_at: p.said_at, receipt_pk: p.receipt_pk, reason: p.reason },
          ...{ awaits: null, due_at: null },
        })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position)
        .where('state', 'in', [...from]),
    );
  const s = {
    accepted: message('accepted_at'),
    refused: message('refused_at'),
    recipientAccepted: becomes('accepted', NEW),
    external: becomes('external', NEW),
    relayed: becomes('relayed', [...NEW, 'accepted']),
    delivered: ends('delivered', [...UNDER_WAY, 'external']),
    deliveredAfterAll: ends('delivered', [...UNDER_WAY, 'external', 'failed']),
    failed: ends('failed', [...UNDER_WAY, 'external']),
    // A receipt that came before may have moved it further.
    await: database.prepare<Omit<Said, 'said_at' | 'receipt_pk'> & DeliveryTimes>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set({ awaits: 'delivery_notice', due_at: p.due_at, give_up_at: p.give_up_at })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position)
        .where('state', 'in', [...UNDER_WAY])
        .where('give_up_at', 'is', null),
    ),
  };
  return {
    messageAccepted: (given) => s.accepted.bind(given),
    messageRefused: (given) => s.refused.bind(given),
    accepted: (said, times) => [s.recipientAccepted.bind(said), s.await.bind({ ...said, ...times })],
    external: (said) => s.external.bind(said),
    relayed: (said) => s.relayed.bind(said),
    delivered: (said, isVerified) => (isVerified ? s.deliveredAfterAll : s.delivered).bind({ ...said, reason: null }),
    failed: (said, reason) => s.failed.bind({ ...said, reason }),
  };
}
