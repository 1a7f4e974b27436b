// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FetchMode } from '../../attachments/fetch-mode.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
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
  /** The session that holds it; null unless leased, or preparing while its attachments are being fetched. */
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
  /** Steps until it may be ready: attachments whose bytes are still to be fetched, and one where mixins are to be asked then. */
  readonly unfetched: number;
  /** Of its content and its attachments, as far as they are here; a file that several messages have counts in each. */
  readonly size_bytes: number;
  /** 1 once retention removed its content and its attachments. */
  readonly content_removed: number;
  /** Tries to fetch them that failed for now. */
  readonly fetch_attempts: number;
  /** Why the last attempt did not deliver to all, for a person. */
  readonly last_error: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly final_at: number | null;
}

/** What became of a message that is gone, so that its id is never sent again. */
export interface MessageEndsTable {
  readonly tenant_id: string;
  /** The client's. */
  readonly id: string;
  readonly message_pk: string;
  readonly result: MessageResult;
  readonly final_at: number;
  readonly written_at: number;
  readonly forget_at: number;
}

/** What the message says; written once. */
export interface MessageContentsTable {
  readonly message_pk: string;
  /** JSON of {@link StoredContent}, sealed where contents are; see content-sealer.ts. */
  readonly content: string;
}

/** A file of a message: what it is called, and where its bytes are or come from. */
export interface MessageAttachmentsTable {
  readonly message_pk: string;
  readonly position: number;
  readonly tenant_id: string;
  readonly filename: string;
  readonly mime_type: string;
  readonly disposition: 'attachment' | 'inline';
  readonly content_id: string | null;
  readonly fetch_mode: FetchMode;
  /** Where it is fetched from; null where its bytes were given. */
  readonly storage_path: string | null;
  /** JSON of the credentials that the client gave for it. */
  readonly auth: Sealed | null;
  /** What the client says of its bytes, in lower-case hex. */
  readonly md5: string | null;
  readonly sha256: string | null;
  /** Its bytes in `attachment_contents`, once they are here: the same in all attempts. */
  readonly content_hash: string | null;
  /** JSON of a `DetachedRecord` once a mixin took it out of the message, sealed where contents are; its bytes are the message's no more. */
  readonly detached: string | null;
}

/** Bytes of attachments, each once in a tenant. */
export interface AttachmentContentsTable {
  readonly tenant_id: string;
  /** Their SHA-256 in hex, or where contents are sealed a keyed hash of that; of those stored before there was one, the key of the message and the position. */
  readonly hash: string;
  /** Null while they are being written. */
  readonly size_bytes: number | null;
  /** When somebody last said that they are wanted, in milliseconds; without a message they are forgotten some time later. */
  readonly used_at: number;
}

/** A piece of them; see CHUNK_BYTES in queue/attachment-contents.ts. */
export interface AttachmentChunksTable {
  readonly tenant_id: string;
  readonly hash: string;
  /** From 0. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** Id of the key that sealed them, `:`, and the bytes of the whole file; null where they are as they came. */
  readonly sealed_as: string | null;
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
