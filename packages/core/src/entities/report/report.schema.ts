// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  clientId,
  integer,
  line,
  page,
  pageOf,
  queryInteger,
  rfc3339,
  rfc3339OrNull,
  secret,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import type { ReportCursorsTable } from '../message-event/message-event.table.ts';
import { BREAKER_STATES, breakerOf } from './breaker.ts';
import type { CallDetail, GivenUpEventsTable, ReportCallsTable } from './report.table.ts';
import type { SigningSecret } from './signing-secret.store.ts';

/** How a tenant is told what became of its mail. */
export const reportingOutput = v.object({
  tenant_id: v.string(),
  /** Its endpoint is called. */
  enabled: v.boolean(),
  /** Since when it is not, because it answered 410. */
  disabled_at: v.nullable(timestamp),
  /** Numbered events that it has not acknowledged, refused ones included. */
  waiting: v.number(),
  /** When the oldest of those happened that were never told. */
  oldest_waiting_at: v.nullable(timestamp),
  /** Of those, the ones to be told again: refused, behind refused ones of the same message, or replayed. */
  exceptions: v.number(),
  /** The last number given to an event, and the last one up to which all were told once. */
  last_seq: v.number(),
  acked_seq: v.number(),
  /** Failed calls in a row. */
  failures: v.number(),
  failing_since: v.nullable(timestamp),
  last_error: v.nullable(v.string()),
  breaker: v.picklist(BREAKER_STATES),
  /** Null where nothing failed: then it is called at once. */
  next_attempt_at: v.nullable(timestamp),
  last_sync_at: v.nullable(timestamp),
  /** It asked not to be called without news before this time. */
  next_sync_after: v.nullable(timestamp),
});

export interface ReportingState {
  readonly cursor: ReportCursorsTable;
  readonly isTold: boolean;
  readonly exceptions: number;
  readonly oldestAt: number | null;
  readonly now: number;
}

export function reportingView(state: ReportingState): v.InferOutput<typeof reportingOutput> {
  const { cursor, isTold, exceptions, oldestAt, now } = state;
  return {
    tenant_id: cursor.tenant_id,
    enabled: isTold && cursor.disabled_at === null,
    disabled_at: rfc3339OrNull(cursor.disabled_at),
    waiting: cursor.last_seq - cursor.acked_seq + exceptions,
    oldest_waiting_at: rfc3339OrNull(oldestAt),
    exceptions,
    last_seq: cursor.last_seq,
    acked_seq: cursor.acked_seq,
    failures: cursor.failures,
    failing_since: rfc3339OrNull(cursor.failing_since),
    last_error: cursor.last_error,
    breaker: breakerOf(cursor, now),
    next_attempt_at: cursor.failures === 0 ? null : rfc3339(cursor.next_attempt_at),
    last_sync_at: rfc3339OrNull(cursor.last_sync_at),
    next_sync_after: rfc3339OrNull(cursor.next_sync_after),
  };
}

const rejectedMessage = v.object({
  index: v.number(),
  id: v.nullable(v.string()),
  code: v.string(),
  reason: v.string(),
});

/** One call of a tenant's endpoint. */
export const reportCallOutput = v.object({
  /** Counts the tenant's calls from 1. */
  number: v.number(),
  at: timestamp,
  /** Host and port that were called. */
  host: v.string(),
  webhook_id: v.string(),
  /** How many it told. */
  events: v.number(),
  /** Null where no answer came. */
  status: v.nullable(v.number()),
  duration_ms: v.number(),
  /** Why it acknowledged nothing; null where it did. */
  error: v.nullable(v.string()),
  /** The beginning of the answer's body, without secrets. */
  answer: v.nullable(v.string()),
  /** Ids that the answer refused, the first ones, and how many there were. */
  refused: v.array(v.string()),
  refused_count: v.number(),
  not_found: v.array(v.string()),
  not_found_count: v.number(),
  /** Messages in the answer: taken, known before, and rejected, of which the first ones are shown. */
  messages_accepted: v.number(),
  messages_duplicate: v.number(),
  messages_rejected: v.array(rejectedMessage),
  messages_rejected_count: v.number(),
});

export const reportCallPage = pageOf(reportCallOutput);

export function reportCallView(row: ReportCallsTable): v.InferOutput<typeof reportCallOutput> {
  // Written by the reporter from the same type.
  const detail = JSON.parse(row.detail) as CallDetail;
  return {
    number: row.number,
    at: rfc3339(row.at),
    host: row.host,
    webhook_id: row.webhook_id,
    events: row.events,
    status: row.status,
    duration_ms: row.duration_ms,
    error: row.error,
    answer: row.answer,
    refused: [...(detail.refused ?? [])],
    refused_count: detail.refusedCount ?? 0,
    not_found: [...(detail.notFound ?? [])],
    not_found_count: detail.notFoundCount ?? 0,
    messages_accepted: detail.accepted ?? 0,
    messages_duplicate: detail.duplicates ?? 0,
    messages_rejected: [...(detail.rejected ?? [])],
    messages_rejected_count: detail.rejectedCount ?? 0,
  };
}

export const listCallsInput = v.strictObject({
  tenant_id: tenantId,
  limit: page.limit,
  /** The `next` of the page before. */
  after: v.optional(v.pipe(line(16), v.regex(/^\d+$/, 'expected the next of the page before'))),
});

/** A range of the sequence that is told no more. */
export const givenUpOutput = v.object({
  id: v.string(),
  tenant_id: v.string(),
  first_seq: v.number(),
  last_seq: v.number(),
  given_up_at: timestamp,
  reason: v.string(),
});

export const givenUpPage = pageOf(givenUpOutput);

export function givenUpView({ pk, at, ...range }: GivenUpEventsTable): v.InferOutput<typeof givenUpOutput> {
  return { id: pk, ...range, given_up_at: rfc3339(at) };
}

const MAX_SEQ = Number.MAX_SAFE_INTEGER;

/** RFC 3339, to milliseconds. */
const time = v.pipe(
  v.string(),
  v.check((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)), 'expected a time in RFC 3339'),
  v.transform((text) => Date.parse(text)),
);

/** At least one of its fields says which events. */
export const replayInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  /** Both ends are part of a range. */
  first_seq: v.optional(queryInteger(1, MAX_SEQ)),
  last_seq: v.optional(queryInteger(1, MAX_SEQ)),
  /** When they happened. */
  from: v.optional(time),
  to: v.optional(time),
  /** Of one message only: its id, or the client's. */
  message_id: v.optional(clientId),
});

export const replayOutput = v.object({
  /** How many are told again. Those that were not told yet are not among them. */
  events: v.number(),
  /** Where to go on with another call; null when all are on their way. */
  next_seq: v.nullable(v.number()),
});

const SECRET_FORM = /^whsec_[A-Za-z0-9+/]+={0,2}$/;

/** `whsec_` and the base64 of 24 to 64 bytes, as Standard Webhooks has it. */
const signingSecret = v.pipe(
  v.string(),
  v.check((text) => {
    if (!SECRET_FORM.test(text)) return false;
    const encoded = text.slice('whsec_'.length);
    const bytes = Buffer.from(encoded, 'base64');
    return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === encoded;
  }, 'expected whsec_ and the base64 of 24 to 64 bytes'),
);

export const rotateSecretInput = v.strictObject({
  tenant_id: tenantId,
  /** How long the secrets before go on signing, too: until the endpoint knows the new one. */
  overlap_seconds: v.optional(integer(0, 2_592_000), 86_400),
  /** One of yours. By default a new one is made. */
  secret: v.optional(secret(signingSecret)),
});

const secretView = {
  id: v.string(),
  tenant_id: v.string(),
  created_at: timestamp,
  /** Until when it signs; null for the one that stays. */
  expires_at: v.nullable(timestamp),
};

export const signingSecretOutput = v.object(secretView);
/** With the secret, which is shown this once. */
export const rotatedSecretOutput = v.object({ ...secretView, secret: v.string() });

export function signingSecretView({
  pk,
  tenant_id,
  created_at,
  expires_at,
}: SigningSecret): v.InferOutput<typeof signingSecretOutput> {
  return { id: pk, tenant_id, created_at: rfc3339(created_at), expires_at: rfc3339OrNull(expires_at) };
}
