// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Shown } from './call.ts';
import { seconds } from './given-fields.ts';
import { payloadOf } from './message-payload.ts';

/** What a record needs besides its message. */
export interface RecordContext {
  readonly tenantName: string | null;
  readonly isSuspended: boolean;
  /** Ids of accounts for certified mail. */
  readonly pecAccounts: ReadonlySet<string>;
  /** Until when accounts are left alone whose login fails, by their ids. */
  readonly pausedAccounts: ReadonlyMap<string, unknown>;
  readonly sendDelayMs: number;
  readonly hasHistory: boolean;
}

/** A message as old clients list it. Of sent, error and deferred it has one, or none while it is pending. */
export function messageRecord(message: Shown, context: RecordContext): Shown {
  const { id, account_id, attempts, result, sent_ts } = message;
  const error = errorOf(message);
  const deferredTs = error === null && sent_ts === null ? deferredUntil(message, context) : null;
  return {
    pk: message['pk'],
    id,
    tenant_id: message['tenant_id'],
    tenant_name: context.tenantName,
    account_id,
    priority: message['priority'],
    batch_code: message['batch_code'],
    deferred_ts: deferredTs,
    sent_ts,
    error_ts: error === null ? null : seconds(message['final_at']),
    error,
    retry_count: retriesOf(Number(attempts), result),
    is_pec: context.pecAccounts.has(String(account_id)),
    bounce_type: message['bounce_type'],
    bounce_code: message['bounce_code'],
    bounce_reason: message['bounce_reason'],
    bounce_ts: message['bounce_ts'],
    created_at: seconds(message['created_at']),
    updated_at: seconds(message['updated_at']),
    message: payloadOf(message),
    ...(context.hasHistory ? { history: historyOf(message['events']) } : {}),
  };
}

/** Of a message that reached nobody. */
function errorOf({ state, result, last_error }: Shown): string | null {
  if (state !== 'final' || result === 'sent' || result === 'partially_sent') return null;
  return String(last_error ?? result);
}

/** When it is due, while it waits for a retry, a limit or the time that the client named. */
function deferredUntil(message: Shown, { isSuspended, pausedAccounts, sendDelayMs }: RecordContext): number | null {
  const { state, account_id, attempts, last_error, next_attempt_at, created_at, rate_limited_until } = message;
  if (state === 'ready' && !isSuspended) {
    return seconds(rate_limited_until) ?? seconds(pausedAccounts.get(String(account_id)));
  }
  if (state !== 'deferred') return null;
  // The moment in which it may be suspended is no deferral.
  const waitsMs = Date.parse(String(next_attempt_at)) - Date.parse(String(created_at));
  const isNew = attempts === 0 && last_error === null && waitsMs <= sendDelayMs + 1;
  return isNew ? null : seconds(next_attempt_at);
}

/** Attempts after the first, those under way counted in. */
function retriesOf(attempts: number, result: unknown): number {
  const isOver = result === 'sent' || result === 'partially_sent' || result === 'failed';
  return Math.max(0, isOver ? attempts - 1 : attempts);
}

function historyOf(events: unknown): readonly object[] {
  // As the operation's own schema has them.
  return (events as readonly Shown[]).map((event) => ({
    event_id: event['id'],
    event_type: event['type'],
    event_ts: seconds(event['at']),
    description: event['reason'],
    metadata: { attempt: event['attempt'], recipients: event['recipients'], extra: event['extra'] },
    reported_ts: null,
  }));
}
