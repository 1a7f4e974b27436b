// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { pageOf, queryInteger, rfc3339, rfc3339OrNull, tenantId, timestamp } from '../../operations/fields.ts';
import type { MessageEventRow } from './message-event.store.ts';
import { EVENT_TYPES, type EventDetail } from './message-event.table.ts';

export const eventRecipient = v.object({
  address: v.string(),
  state: v.string(),
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  reply: v.nullable(v.string()),
});

/** One line of a message's history, as it is shown. */
export const eventOutput = v.object({
  /** Stable, also in reports. */
  id: v.string(),
  /** Place in the tenant's sequence; null for a moment, until the event is numbered. */
  seq: v.nullable(v.number()),
  tenant_id: v.string(),
  /** Of the message; null where the event is an account's. */
  pk: v.nullable(v.string()),
  /** The client's id of the message; null where the event is an account's. */
  message_id: v.nullable(v.string()),
  account_id: v.nullable(v.string()),
  batch_code: v.nullable(v.string()),
  type: v.picklist(EVENT_TYPES),
  at: timestamp,
  attempt: v.number(),
  reason: v.nullable(v.string()),
  recipients: v.array(eventRecipient),
  next_attempt_at: v.nullable(timestamp),
  possible_duplicate: v.boolean(),
  /** Of a pause: until when the account is left alone. */
  until: v.nullable(timestamp),
});
export type EventOutput = v.InferOutput<typeof eventOutput>;

export const listEventsInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  after: v.optional(queryInteger(0, Number.MAX_SAFE_INTEGER), 0),
  limit: v.optional(queryInteger(1, 1_000), 100),
  /** Seconds to wait for an event when there is none. */
  wait: v.optional(queryInteger(0, 60), 0),
});

export const eventPage = pageOf(eventOutput);

export function toEventOutput(row: MessageEventRow): EventOutput {
  const detail = eventDetailOf(row);
  return {
    id: row.pk,
    seq: row.seq,
    tenant_id: row.tenant_id,
    pk: row.message_pk,
    message_id: row.message_id,
    account_id: row.account_id ?? detail.accountId ?? null,
    batch_code: row.batch_code,
    type: row.type,
    at: rfc3339(row.at),
    attempt: row.attempt,
    reason: detail.reason ?? null,
    recipients: [...(detail.recipients ?? [])],
    next_attempt_at: rfc3339OrNull(detail.nextAttemptAt ?? null),
    possible_duplicate: detail.possibleDuplicate ?? false,
    until: rfc3339OrNull(detail.until ?? null),
  };
}

export function eventDetailOf(row: Pick<MessageEventRow, 'detail'>): EventDetail {
  // The column holds what the engine itself wrote as EventDetail.
  return JSON.parse(row.detail) as EventDetail;
}
