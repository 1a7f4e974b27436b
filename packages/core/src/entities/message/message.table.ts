// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageResult, MessageState } from './message-state.ts';

/**
 * What is done with a message of which nobody knows whether the relay took it.
 * - `retry`: send it again with the same Message-ID; it may arrive twice.
 * - `hold`: wait for a person.
 * - `fail`: report it as failed; it may have arrived.
 */
export const ON_IN_DOUBT = ['retry', 'hold', 'fail'] as const;
export type OnInDoubt = (typeof ON_IN_DOUBT)[number];

/** The queue's row. Small, since it is updated several times; the content lies apart. All times in milliseconds. */
export interface MessagesTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** The client's; unique in the tenant. Equals `pk` where the client gave none. */
  readonly id: string;
  readonly account_pk: string;
  readonly state: MessageState;
  /** Set exactly when the state is final. */
  readonly result: MessageResult | null;
  /** 0 immediate, 1 high, 2 medium, 3 low. */
  readonly priority: number;
  /** When it may be attempted next. */
  readonly eligible_at: number;
  /** Place in its lane, smaller first; see queue/rank.ts. */
  readonly rank: number;
  /** The session that holds it; null unless leased. */
  readonly owner_session: number | null;
  /** All attempts that counted. */
  readonly attempts: number;
  readonly batch_code: string | null;
  /** Message-ID header with brackets, the same in every attempt. */
  readonly message_id: string;
  /** When it is given up, in whatever state it is; from its own `expires_at` or the age of its retry policy. */
  readonly expires_at: number | null;
  readonly on_in_doubt: OnInDoubt;
  /** When it was handed to a connection in the attempt under way; a crash after it leaves it in doubt. */
  readonly handed_at: number | null;
  /** Recipients that are still to be served. */
  readonly units: number;
  /** Why the last attempt did not deliver to all, for a person. */
  readonly last_error: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly final_at: number | null;
}

/** What the message says; written once. */
export interface MessageContentsTable {
  readonly message_pk: string;
  /** JSON of {@link StoredContent}. */
  readonly content: string;
}

export interface MessageAttachmentsTable {
  readonly message_pk: string;
  readonly position: number;
  readonly filename: string;
  readonly mime_type: string;
  readonly disposition: 'attachment' | 'inline';
  readonly content_id: string | null;
  readonly bytes: Uint8Array;
}

/** What became of one address. */
export interface MessageRecipientsTable {
  readonly message_pk: string;
  /** Order in the envelope. */
  readonly position: number;
  readonly kind: 'to' | 'cc' | 'bcc';
  /** addr-spec as it stands in RCPT TO. */
  readonly address: string;
  /** `pending` until decided. */
  readonly state: RecipientState;
  /** Those that counted since a retry by hand, or since it was accepted: the retry policy goes by them. */
  readonly attempts: number;
  /** Stage, reply and verdict of the last attempt. */
  readonly stage: string | null;
  readonly code: number | null;
  readonly enhanced: string | null;
  readonly reply: string | null;
  readonly verdict: string | null;
  readonly updated_at: number;
}

export type RecipientState = 'pending' | 'in_doubt' | 'sent' | 'failed' | 'expired' | 'cancelled';
