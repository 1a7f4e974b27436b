// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  eventDetailOf,
  type feedbackOutput,
  toFeedbackOutput,
} from '../entities/message-event/message-event.schema.ts';
import type { NumberedEventRow } from '../entities/message-event/message-event.store.ts';
import { type EventDetail, type EventType, isCoreEvent } from '../entities/message-event/message-event.table.ts';
import { epochSeconds } from '../operations/fields.ts';

/** Times of the original's fields: whole seconds since the epoch. Events of accounts have none. */
type OriginalFields =
  | Readonly<Record<never, never>>
  | { readonly sent_ts: number }
  | { readonly error_ts: number; readonly error: string }
  | { readonly deferred_ts: number; readonly deferred_reason: string }
  | {
      readonly bounce_ts: number;
      readonly bounce_type: 'hard' | 'soft' | null;
      readonly bounce_code: string | null;
      readonly bounce_reason: string;
    }
  | { readonly pec_event: string; readonly pec_ts: number; readonly pec_details: NonNullable<EventDetail['extra']> };

/** One entry of `delivery_report`: the original's fields, and ours beside them. */
export type ReportEvent = OriginalFields & {
  /** The client's id of the message; null where the event is an account's. */
  readonly id: string | null;
  /** Stable: an event that comes twice carries it twice. */
  readonly event_id: string;
  /** Place in the tenant's sequence; rises from entry to entry, may leave out numbers. Lower again where it is retold. */
  readonly seq: number;
  readonly event: EventType;
  readonly tenant_id: string;
  /** Our id of the message; null where the event is an account's. */
  readonly pk: string | null;
  readonly account_id: string | null;
  readonly batch_code: string | null;
  /** 0 where the event belongs to no attempt. */
  readonly attempt: number;
  readonly recipients: readonly ReportedRecipient[];
  /** When the next attempt is due; null where there is none. */
  readonly next_attempt_ts: number | null;
  /** The relay may have taken the message although no answer arrived. */
  readonly possible_duplicate: boolean;
  /** Why an account was paused, and until when; absent in events of messages. */
  readonly reason?: string;
  readonly until_ts?: number;
  /** Of a bounce and a complaint: whom it is about, and the rest that is known; absent in other events. */
  readonly feedback?: ReportedFeedback;
  /** What a mixin says besides; absent where none does. */
  readonly extra?: Readonly<Record<string, string | number | boolean | null>>;
};

/** As in `GET /v1/events`. */
export type ReportedFeedback = v.InferOutput<typeof feedbackOutput>;

export interface ReportedRecipient {
  readonly address: string;
  readonly state: string;
  readonly code: number | null;
  readonly enhanced: string | null;
  readonly reply: string | null;
}

/** What a call came to. Only `acknowledged: true` moves the cursor. */
export type ReportAnswer =
  | {
      readonly acknowledged: true;
      /** Messages that the tenant wants to submit: a hint to call again soon. */
      readonly queued: number;
      /** Milliseconds; null when the tenant did not say. */
      readonly nextSyncAfter: number | null;
      /** Client ids that the tenant could not process, and those it does not know. */
      readonly error: readonly string[];
      readonly notFound: readonly string[];
      /** To be accepted as if they had been posted; not looked at yet. */
      readonly messages: readonly unknown[];
    }
  | {
      readonly acknowledged: false;
      /** For a person; never holds a secret. */
      readonly reason: string;
      /** The endpoint asked not to be called for so long. Milliseconds. */
      readonly retryAfterMs?: number | null;
      /** The endpoint asked never to be called again. */
      readonly isGone?: boolean;
    };

export function toReportEvent(row: NumberedEventRow): ReportEvent {
  const detail = eventDetailOf(row);
  return {
    id: row.message_id,
    ...originalFields(row, detail),
    event_id: row.pk,
    seq: row.seq,
    event: row.type,
    tenant_id: row.tenant_id,
    pk: row.message_pk,
    account_id: row.account_id ?? detail.accountId ?? null,
    batch_code: row.batch_code,
    attempt: row.attempt,
    recipients: (detail.recipients ?? []).map(({ address, state, code, enhanced, reply }) => ({
      address,
      state,
      code,
      enhanced,
      reply,
    })),
    next_attempt_ts: detail.nextAttemptAt === undefined ? null : epochSeconds(detail.nextAttemptAt),
    possible_duplicate: detail.possibleDuplicate ?? false,
    ...(row.message_pk === null && detail.reason !== undefined ? { reason: detail.reason } : {}),
    ...(detail.until === undefined ? {} : { until_ts: epochSeconds(detail.until) }),
    ...(detail.feedback === undefined ? {} : { feedback: toFeedbackOutput(detail.feedback) }),
    ...(detail.extra === undefined ? {} : { extra: detail.extra }),
  };
}

/** The time of the original's fields is that of the event, also in `deferred_ts`. */
function originalFields(row: NumberedEventRow, detail: EventDetail): OriginalFields {
  const ts = epochSeconds(row.at);
  const { type } = row;
  if (!isCoreEvent(type)) return ofMixin(type, ts, detail);
  switch (type) {
    case 'sent':
    case 'partially_sent':
    case 'confirmed':
      return { sent_ts: ts };
    case 'error':
    case 'expired':
    case 'cancelled':
      return { error_ts: ts, error: reasonOf(row, detail) };
    case 'deferred':
    case 'interrupted':
    case 'in_doubt':
    case 'retried':
    case 'held':
    case 'released':
    case 'replaced':
      return { deferred_ts: ts, deferred_reason: reasonOf(row, detail) };
    case 'bounce':
      return {
        bounce_ts: ts,
        bounce_type: detail.feedback?.bounceType ?? null,
        bounce_code: detail.feedback?.code ?? null,
        bounce_reason: reasonOf(row, detail),
      };
    case 'complaint':
    case 'account_paused':
    case 'account_resumed':
      return {};
    default:
      return type satisfies never;
  }
}

/** Of what mixins tell the original knew certified mail only, by the time that its provider names. */
function ofMixin(type: string, ts: number, { extra = {} }: EventDetail): OriginalFields {
  if (!type.startsWith('pec_')) return {};
  const { pec_timestamp: said } = extra;
  const saidMs = typeof said === 'string' ? Date.parse(said) : Number.NaN;
  return { pec_event: type, pec_ts: Number.isNaN(saidMs) ? ts : epochSeconds(saidMs), pec_details: extra };
}

function reasonOf(row: NumberedEventRow, detail: EventDetail): string {
  return detail.reason ?? detail.recipients?.find((recipient) => recipient.reply !== null)?.reply ?? row.type;
}

/** The largest time that a Date holds. */
const MAX_TIME_MS = 8_640_000_000_000_000;

const ids = v.pipe(
  v.nullish(v.array(v.union([v.string(), v.number()])), []),
  v.transform((list) => (list ?? []).map(String)),
);

const answerSchema = v.object({
  ok: v.boolean(),
  // The original broke off its cycle at `null` and sent everything again.
  queued: v.pipe(
    v.nullish(v.number(), 0),
    v.transform((count) => count ?? 0),
  ),
  next_sync_after: v.nullish(v.number(), null),
  error: ids,
  not_found: ids,
  messages: v.nullish(v.array(v.unknown())),
});

/** Read the body of a successful answer. Whatever does not say `ok: true` in so many words acknowledges nothing. */
export function parseReportAnswer(text: string): ReportAnswer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { acknowledged: false, reason: 'the answer is not JSON' };
  }
  const parsed = v.safeParse(answerSchema, json);
  if (parsed.success) return acknowledgement(parsed.output);
  const field = v.getDotPath(parsed.issues[0]);
  return {
    acknowledged: false,
    reason: field === null ? 'the answer is not a JSON object' : `the answer has a wrong or missing field: ${field}`,
  };
}

/** The same where success alone acknowledges, unless the body says `ok: false`. */
export function parseAnyAnswer(text: string): ReportAnswer {
  const parsed = v.safeParse(answerSchema, { ok: true, ...jsonObjectOf(text) });
  return acknowledgement(parsed.success ? parsed.output : BARE_ANSWER);
}

function jsonObjectOf(text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
  } catch {
    // What is no JSON says nothing, which is enough here.
    return {};
  }
}

type Answer = v.InferOutput<typeof answerSchema>;

const BARE_ANSWER: Answer = { ok: true, queued: 0, next_sync_after: null, error: [], not_found: [] };

function acknowledgement(answer: Answer): ReportAnswer {
  const { ok, queued, next_sync_after: nextSyncAfter, error, not_found: notFound, messages } = answer;
  if (!ok) return { acknowledged: false, reason: 'the answer says ok: false' };
  return {
    acknowledged: true,
    queued,
    nextSyncAfter:
      nextSyncAfter === null ? null : Math.min(MAX_TIME_MS, Math.max(0, Math.round(nextSyncAfter * 1_000))),
    error,
    notFound,
    messages: messages ?? [],
  };
}
