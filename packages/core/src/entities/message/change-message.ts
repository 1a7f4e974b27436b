// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Reach } from '../../operations/principal.ts';
import { resolveRetryPolicy } from '../../retry-policy.ts';
import type { ControlAction, MessageChange } from './message-control.types.ts';
import type { MessageRow } from './message-row.ts';
import type { ControlServices } from './message-services.ts';
import type { MessageResult, MessageState } from './message-state.ts';

/** What was asked for. Times in milliseconds. */
export type ChangeRequest =
  | { readonly action: Exclude<ControlAction, 'reschedule'> }
  | {
      readonly action: 'reschedule';
      readonly sendAt: number;
      /** Absent: the end that it has; moved along where nobody set it. */
      readonly expiresAt?: number | undefined;
    };

/** Why nothing was done: its state does not allow it, it is being sent, it would be due after its end, or it says nothing any more. */
export type Refusal = 'wrong_state' | 'in_flight' | 'expires_before' | 'content_removed';

export type ChangeEnd =
  | { readonly ok: true; readonly state: MessageState }
  | { readonly ok: false; readonly refusal: Refusal; readonly row: MessageRow };

/** The states in which an action does something. */
export const STATES_OF: { readonly [Action in ControlAction]: readonly MessageState[] } = {
  cancel: ['preparing', 'ready', 'leased', 'deferred', 'suspended', 'held'],
  hold: ['preparing', 'ready', 'leased', 'deferred'],
  release: ['held'],
  retry: ['deferred', 'in_doubt', 'final'],
  reschedule: ['preparing', 'ready', 'leased', 'deferred', 'suspended', 'held'],
  confirm: ['in_doubt'],
};

/** Ends of a message that a retry by hand may undo, for the recipients that were not served. */
export const RETRIED_RESULTS: readonly MessageResult[] = ['failed', 'expired', 'partially_sent'];

/** A message may move while it is looked at: promoted, claimed, settled. More often than this somebody is at work on it. */
const MAX_TRIES = 3;

/**
 * Change one message by hand: decide by what it is, write if it still is, else look again.
 *
 * A message that this engine claimed and has not handed to MAIL can be cancelled, held and rescheduled too: it is stopped
 * first, and from then on nobody sends it.
 */
export async function changeMessage(
  services: ControlServices,
  reach: Reach,
  row: MessageRow,
  request: ChangeRequest,
): Promise<ChangeEnd> {
  let current = row;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const refusal = await refusalOf(services, current, request);
    if (refusal !== null) return { ok: false, refusal, row: current };
    const change = await changeOf(services, current, request);
    const isInFlight = current.state === 'leased';
    if (isInFlight && !services.stopFlight(current.pk)) return { ok: false, refusal: 'in_flight', row: current };
    const state = isInFlight
      ? await changeStopped(services, current, change)
      : await services.control.apply(current, change, services.clock.now());
    if (state !== null) {
      if (current.state === 'preparing') services.stopPreparing(current.pk);
      return { ok: true, state };
    }
    current = await services.messages.find(reach, row.pk);
  }
  return { ok: false, refusal: 'in_flight', row: current };
}

/** Why the request cannot be fulfilled; null where it can. */
export async function refusalOf(
  services: Pick<ControlServices, 'clock' | 'retry' | 'accounts'>,
  row: MessageRow,
  request: ChangeRequest,
): Promise<Refusal | null> {
  const { state, result } = row;
  if (!STATES_OF[request.action].includes(state)) return 'wrong_state';
  if (request.action === 'retry' && state === 'final') {
    if (result === null || !RETRIED_RESULTS.includes(result)) return 'wrong_state';
    return row.content_removed === 1 ? 'content_removed' : null;
  }
  if (request.action !== 'reschedule') return null;
  const expiresAt = (await newEndOf(services, row, request)) ?? row.expires_at;
  return expiresAt !== null && expiresAt <= Math.max(request.sendAt, services.clock.now()) ? 'expires_before' : null;
}

async function changeOf(services: ControlServices, row: MessageRow, request: ChangeRequest): Promise<MessageChange> {
  switch (request.action) {
    case 'retry':
      return { action: 'retry', expiresAt: services.clock.now() + (await maxAgeOf(services, row)) };
    case 'reschedule':
      return { action: 'reschedule', sendAt: request.sendAt, expiresAt: await newEndOf(services, row, request) };
    case 'cancel':
    case 'hold':
    case 'release':
    case 'confirm':
      return { action: request.action };
    default:
      return request satisfies never;
  }
}

/** Somebody has to have the message: where nothing could be written, it goes back to its lane. */
async function changeStopped(
  services: ControlServices,
  row: MessageRow,
  change: MessageChange,
): Promise<MessageState | null> {
  try {
    return await services.control.apply(row, { ...change, ownedBy: services.session() }, services.clock.now());
  } catch (error) {
    await services.giveBack(row);
    throw error;
  }
}

/** An end that came from the retry policy counts from the time at which the message is due, and moves along with that. */
async function newEndOf(
  services: Pick<ControlServices, 'clock' | 'retry' | 'accounts'>,
  row: MessageRow,
  { sendAt, expiresAt }: Extract<ChangeRequest, { action: 'reschedule' }>,
): Promise<number | null> {
  if (expiresAt !== undefined) return expiresAt;
  if (row.expires_at === null || row.attempts > 0) return null;
  const maxAgeMs = await maxAgeOf(services, row);
  if (row.expires_at - row.eligible_at !== maxAgeMs) return null;
  // A time that is past means now.
  return Math.max(sendAt, services.clock.now()) + maxAgeMs;
}

async function maxAgeOf(
  { retry, accounts }: Pick<ControlServices, 'retry' | 'accounts'>,
  row: MessageRow,
): Promise<number> {
  const account = await accounts.relayRow(row.account_pk);
  return resolveRetryPolicy(retry, account.tenant.retry, account.retry).maxAgeMs;
}
