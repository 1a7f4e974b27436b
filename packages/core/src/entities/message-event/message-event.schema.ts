// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { EventFeedback } from '../../mixin/events.ts';
import { pageOf, queryInteger, rfc3339, rfc3339OrNull, tenantId, timestamp } from '../../operations/fields.ts';
import type { MessageEventRow } from './message-event.store.ts';
import { EVENT_TYPES, type EventDetail, type EventType } from './message-event.table.ts';

export const eventRecipient = v.object({
  address: v.string(),
  state: v.string(),
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  reply: v.nullable(v.string()),
});

/** A type of core, or one that a mixin added: its id, `_`, and what happened. */
export const eventType = v.union([
  v.picklist(EVENT_TYPES),
  v.pipe(v.string(), v.regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/)),
]);

/** What somebody said of one recipient after a relay took the message. */
export const feedbackOutput = v.object({
  recipient: v.string(),
  status: v.nullable(v.string()),
  reason_class: v.nullable(v.string()),
  permanence: v.nullable(v.picklist(['permanent', 'temporary'])),
  /** Nobody will ever be reached at that address. */
  address_dead: v.boolean(),
  reported_by: v.nullable(v.string()),
  /** Of a complaint: what about. */
  feedback_type: v.nullable(v.string()),
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
  type: eventType,
  at: timestamp,
  attempt: v.number(),
  reason: v.nullable(v.string()),
  recipients: v.array(eventRecipient),
  next_attempt_at: v.nullable(timestamp),
  possible_duplicate: v.boolean(),
  /** Of a pause: until when the account is left alone. */
  until: v.nullable(timestamp),
  /** Of a bounce: hard or soft, its enhanced status code or else its reply code, and why. */
  bounce_type: v.nullable(v.picklist(['hard', 'soft'])),
  bounce_code: v.nullable(v.string()),
  bounce_reason: v.nullable(v.string()),
  /** Of a bounce and a complaint: whom it is about, and the rest that is known. */
  feedback: v.nullable(feedbackOutput),
  /** What a mixin says besides. */
  extra: v.nullable(v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.null()]))),
});
export type EventOutput = v.InferOutput<typeof eventOutput>;

export const listEventsInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  after: v.optional(queryInteger(0, Number.MAX_SAFE_INTEGER), 0),
  limit: v.optional(queryInteger(1, 1_000), 100),
  /** The newest so many, in their order, in place of those after a number: where a reader begins that wants what comes. */
  last: v.optional(queryInteger(1, 1_000)),
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
    ...bounceOf(row.type, detail),
    feedback: detail.feedback === undefined ? null : toFeedbackOutput(detail.feedback),
    extra: detail.extra ?? null,
  };
}

export function toFeedbackOutput(feedback: EventFeedback): v.InferOutput<typeof feedbackOutput> {
  return {
    recipient: feedback.recipient,
    status: feedback.status,
    reason_class: feedback.reasonClass,
    permanence: feedback.permanence,
    address_dead: feedback.addressDead,
    reported_by: feedback.reportedBy,
    feedback_type: feedback.feedbackType,
  };
}

function bounceOf(type: EventType, { reason, feedback }: EventDetail) {
  if (type !== 'bounce') return { bounce_type: null, bounce_code: null, bounce_reason: null };
  return {
    bounce_type: feedback?.bounceType ?? null,
    bounce_code: feedback?.code ?? null,
    bounce_reason: reason ?? null,
  };
}

export function eventDetailOf(row: Pick<MessageEventRow, 'detail'>): EventDetail {
  // The column holds what the engine itself wrote as EventDetail.
  return JSON.parse(row.detail) as EventDetail;
}
