// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** One line of a message's history; only `seq` is ever set later. */
export interface MessageEventsTable {
  /** Also the stable id of the event in reports. */
  readonly pk: string;
  readonly tenant_id: string;
  readonly message_pk: string;
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

/** `interrupted`: the instance that held the message died or lost its session. */
export type EventType = 'sent' | 'partially_sent' | 'deferred' | 'error' | 'expired' | 'cancelled' | 'interrupted';

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
}
