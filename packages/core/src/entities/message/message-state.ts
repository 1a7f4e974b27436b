// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/**
 * The states of a message.
 *
 * | state | it waits for |
 * |---|---|
 * | preparing | its remote attachments |
 * | ready | its turn in the lane of its account |
 * | leased | the session that owns it |
 * | deferred | a time: scheduled, or retried after a temporary failure |
 * | suspended | the activation of its batch |
 * | held | a person |
 * | in_doubt | a decision: the relay may have taken it |
 * | final | nothing; `result` says how it ended. By hand it may be retried |
 */
export const MESSAGE_STATES = [
  'preparing',
  'ready',
  'leased',
  'deferred',
  'suspended',
  'held',
  'in_doubt',
  'final',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** How a final message ended. */
export const MESSAGE_RESULTS = ['sent', 'partially_sent', 'failed', 'expired', 'cancelled'] as const;
export type MessageResult = (typeof MESSAGE_RESULTS)[number];

/** Every move there is, with what makes it. Any other is a bug; the model test sees to that. */
export const MESSAGE_MOVES: readonly (readonly [from: MessageState | null, to: MessageState, by: string])[] = [
  [null, 'preparing', 'accepted, with attachments to fetch'],
  [null, 'ready', 'accepted, due now'],
  [null, 'deferred', 'accepted, due later'],
  [null, 'suspended', 'accepted into a suspended batch'],
  ['preparing', 'ready', 'attachments fetched and prepared, replaced'],
  ['preparing', 'deferred', 'a fetch failed for now, rescheduled, replaced'],
  ['preparing', 'suspended', 'batch suspended, replaced'],
  ['preparing', 'held', 'held by hand'],
  ['preparing', 'final', 'a fetch failed for good, cancelled, expired'],
  ['ready', 'leased', 'claimed'],
  ['ready', 'preparing', 'replaced, with attachments to fetch'],
  ['ready', 'suspended', 'batch suspended, replaced'],
  ['ready', 'held', 'held by hand'],
  ['ready', 'deferred', 'rescheduled, replaced'],
  ['ready', 'final', 'cancelled, expired'],
  ['leased', 'ready', 'given back unsent, rescheduled before MAIL, or its session died'],
  ['leased', 'deferred', 'failed for now, rescheduled before MAIL'],
  ['leased', 'held', 'held by hand before MAIL'],
  ['leased', 'in_doubt', 'the relay may have taken it, under on_in_doubt hold'],
  ['leased', 'final', 'sent, failed for good, expired, cancelled before MAIL'],
  ['deferred', 'ready', 'due, rescheduled, retried by hand, replaced'],
  ['deferred', 'preparing', 'due or replaced, with attachments to fetch'],
  ['deferred', 'suspended', 'batch suspended, replaced'],
  ['deferred', 'held', 'held by hand'],
  ['deferred', 'final', 'cancelled, expired'],
  ['suspended', 'ready', 'batch activated, replaced'],
  ['suspended', 'preparing', 'batch activated or replaced, with attachments to fetch'],
  ['suspended', 'deferred', 'batch activated before the message is due, replaced'],
  ['suspended', 'final', 'cancelled, expired'],
  ['held', 'ready', 'released'],
  ['held', 'preparing', 'released, with attachments to fetch'],
  ['held', 'deferred', 'released, not due yet'],
  ['held', 'final', 'cancelled, expired'],
  ['in_doubt', 'ready', 'retried by hand, or confirmed and others are due'],
  ['in_doubt', 'deferred', 'confirmed, others are not due yet'],
  ['in_doubt', 'final', 'confirmed, expired'],
  ['final', 'ready', 'failed or expired, retried by hand'],
  ['final', 'preparing', 'failed or expired before its attachments were fetched, retried by hand'],
];
