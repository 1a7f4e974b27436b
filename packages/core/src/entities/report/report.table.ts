// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';

/**
 * - `refused`: the tenant said that it could not process it.
 * - `held`: it comes after one of the same message that was refused.
 * - `replay`: it was told before, and was asked for again.
 */
export type ExceptionKind = 'refused' | 'held' | 'replay';

/** An event behind the cursor that is still to be told. */
export interface ReportExceptionsTable {
  readonly event_pk: string;
  readonly tenant_id: string;
  readonly seq: number;
  /** What it is about: pk of its message, else of its account. Events of one subject are told in their order. */
  readonly subject: string;
  readonly kind: ExceptionKind;
  /** How often it was refused. */
  readonly attempts: number;
  readonly next_attempt_at: number;
  /** When it was refused for the first time; before, when the cursor passed over it or it was replayed. */
  readonly created_at: number;
}

/** A range of a tenant's sequence that is told no more, unless it is replayed. */
export interface GivenUpEventsTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly at: number;
  readonly reason: string;
}

/** One of the last calls of a tenant's endpoint. Rows are written over, so that their number is bounded. */
export interface ReportCallsTable {
  readonly tenant_id: string;
  /** The number, modulo how many are kept. */
  readonly slot: number;
  /** 1 for the first call there ever was. */
  readonly number: number;
  readonly at: number;
  readonly host: string;
  readonly webhook_id: string;
  /** How many it told. */
  readonly events: number;
  /** Null where there was no answer. */
  readonly status: number | null;
  readonly duration_ms: number;
  /** Why it acknowledged nothing; null where it did. */
  readonly error: string | null;
  /** The beginning of the answer's body, without secrets. */
  readonly answer: string | null;
  /** JSON of {@link CallDetail}. */
  readonly detail: string;
}

/** What came of a call besides that. Lists hold the first ones only. */
export interface CallDetail {
  /** Ids, as the answer had them, of what the tenant could not process, and how many there were. */
  readonly refused?: readonly string[];
  readonly refusedCount?: number;
  /** Ids that the tenant does not know. */
  readonly notFound?: readonly string[];
  readonly notFoundCount?: number;
  /** Messages in the answer. */
  readonly accepted?: number;
  readonly duplicates?: number;
  readonly rejected?: readonly RejectedMessage[];
  readonly rejectedCount?: number;
}

/** A message in an answer that was not taken. */
export interface RejectedMessage {
  /** Its place in the list, from 0. */
  readonly index: number;
  readonly id: string | null;
  readonly code: string;
  readonly reason: string;
}

/** A key that signs what a tenant is told. */
export interface SigningSecretsTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly secret: Sealed;
  readonly created_at: number;
  /** Until when it signs; null for the one that stays. */
  readonly expires_at: number | null;
}
