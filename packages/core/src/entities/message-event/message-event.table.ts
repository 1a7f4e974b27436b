// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { EventFeedback, MixinEventType } from '../../mixin/events.ts';

/** One line of a message's history; only `seq` is ever set later. */
export interface MessageEventsTable {
  /** Also the stable id of the event in reports. */
  readonly pk: string;
  readonly tenant_id: string;
  /** Null where the event is an account's. */
  readonly message_pk: string | null;
  /** Set where the event is an account's. */
  readonly account_pk: string | null;
  readonly type: EventType;
  /** Milliseconds. */
  readonly at: number;
  /** Number of the attempt it belongs to; 0 where there was none. */
  readonly attempt: number;
  /** JSON of {@link EventDetail}. */
  readonly detail: string;
  /** Place in the tenant's sequence of events; null until the sequencer numbered it. */
  readonly seq: number | null;
}

/**
 * - `interrupted`: the instance that held the message died or lost its session.
 * - `in_doubt`: nobody knows whether the relay took it; it waits for a decision.
 * - `retried`, `confirmed`, `held`, `released`: done by hand.
 * - `replaced`: a message with the same id took the place of what it said.
 * - `bounce`, `complaint`: what others said of a message after a relay took it.
 * - `account_paused`, `account_resumed`: of an account, not of a message.
 */
export const EVENT_TYPES = [
  'sent',
  'partially_sent',
  'deferred',
  'error',
  'expired',
  'cancelled',
  'interrupted',
  'in_doubt',
  'retried',
  'confirmed',
  'held',
  'released',
  'replaced',
  'account_paused',
  'account_resumed',
  'bounce',
  'complaint',
] as const;
export type CoreEventType = (typeof EVENT_TYPES)[number];
export type EventType = CoreEventType | MixinEventType;

const CORE: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Whether it is one of core's, so that its meaning is known here. */
export function isCoreEvent(type: EventType): type is CoreEventType {
  return CORE.has(type);
}

export interface EventRecipient {
  readonly address: string;
  readonly state: string;
  readonly stage: string | null;
  readonly code: number | null;
  readonly enhanced: string | null;
  readonly reply: string | null;
}

/** What the event says besides its type and time. */
export interface EventDetail {
  /** For a person. */
  readonly reason?: string;
  readonly recipients?: readonly EventRecipient[];
  /** Milliseconds: when the next attempt is due. */
  readonly nextAttemptAt?: number;
  /** The relay may have taken the message although no answer arrived. */
  readonly possibleDuplicate?: boolean;
  /** Milliseconds from the first step of the attempt to its outcome. */
  readonly durationMs?: number;
  /** What was said between us and the relay, without secrets and bodies; for the message's own page only. */
  readonly transcript?: readonly string[];
  /** The span of the attempt, where the message is traced; the report of it is linked to that. */
  readonly traceparent?: string;
  /** Of a pause: the account's id for the client, and until when it lasts. */
  readonly accountId?: string;
  readonly until?: number;
  /** Of one recipient, after a relay took the message. */
  readonly feedback?: EventFeedback;
  /** What a mixin adds. */
  readonly extra?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What others said of a message, once each. */
export interface MessageFeedbackTable {
  readonly message_pk: string;
  /** What makes it one. */
  readonly key: string;
  readonly event_pk: string;
  readonly type: EventType;
  /** The recipient; null where it is about none. */
  readonly address: string | null;
  /** Of a bounce. */
  readonly bounce_type: 'hard' | 'soft' | null;
  readonly code: string | null;
  readonly reason: string | null;
  /** Milliseconds. */
  readonly at: number;
}

/** How far a tenant has been told. */
export interface ReportCursorsTable {
  readonly tenant_id: string;
  /** The last number given. */
  readonly last_seq: number;
  /** The last number that the tenant acknowledged; all before it are too. */
  readonly acked_seq: number;
  readonly last_sync_at: number | null;
  /** The tenant asked not to be called without news before this time. */
  readonly next_sync_after: number | null;
  /** Failed calls in a row. */
  readonly failures: number;
  readonly next_attempt_at: number;
  readonly last_error: string | null;
  /** Calls ever made. */
  readonly calls: number;
  /** Of a batch that was begun and not answered, so that it comes again as it was: when it was made ... */
  readonly batch_at: number | null;
  /** ... and the last number in it, at most. */
  readonly batch_to: number | null;
  /** Failed calls in a row that told something, of {@link failures}. */
  readonly batch_failures: number;
  /** When the first of the failed calls was. */
  readonly failing_since: number | null;
  /** Set while the endpoint is not called, because it said that it is gone. */
  readonly disabled_at: number | null;
}
