// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CoreSchema, Database } from '@mail-proxy/core';
import type { PecSchema } from './pec.table.ts';
import type { ReceiptError, ReceiptType } from './reading/receipt.types.ts';

/** What becomes of a receipt whose signature proves nothing. */
export const UNVERIFIED_POLICIES = ['refuse', 'report'] as const;
export type UnverifiedPolicy = (typeof UNVERIFIED_POLICIES)[number];

/** How a tenant wants its certified mail watched. No row: by the defaults. */
export interface PecSettingsTable {
  readonly tenant_id: string;
  /** PEM of certificates that are trusted beside the instance's; null for none. */
  readonly trust_anchors: string | null;
  /** Null: `refuse` where anything is trusted, `report` where nothing is. */
  readonly unverified_receipts: UnverifiedPolicy | null;
  readonly acceptance_timeout_minutes: number;
  readonly delivery_notice_hours: number;
  readonly delivery_timeout_hours: number;
  readonly keep_days: number;
  readonly updated_at: number;
}

/** A message of which receipts may come: written before a relay is given it, goes with the message. Times in milliseconds. */
export interface PecMessagesTable {
  readonly message_pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  /** Message-ID with brackets. */
  readonly reference: string;
  /** The sender of its envelope, which is the author's address; lower case. */
  readonly sender: string;
  /** 1 while a relay may still take it for somebody. */
  readonly is_open: 0 | 1;
  /** When a relay took it first. */
  readonly taken_at: number | null;
  readonly accepted_at: number | null;
  readonly refused_at: number | null;
  /** Until when the acceptance is awaited; null where it is not. */
  readonly due_at: number | null;
  /** When it was told that none came. */
  readonly timed_out_at: number | null;
}

/**
 * What was said last of a recipient.
 * - `pending`: no relay took the message for it.
 * - `sent`: one did.
 * - `accepted`: the sender's provider did, and a delivery is to come.
 * - `relayed`: the recipient's provider took it.
 * - `delivered`, `failed`: final. After `failed` a delivery counts if it is verified, after `delivered` no failure does.
 * - `external`: no PEC mailbox, of which no more is ever said.
 */
export const RECIPIENT_STATES = ['pending', 'sent', 'accepted', 'relayed', 'delivered', 'failed', 'external'] as const;
export type PecRecipientState = (typeof RECIPIENT_STATES)[number];

/** What is waited for of a recipient. `delivery_notice`: nothing was said for so long that somebody may want to know. */
export type Awaited = 'delivery_notice' | 'delivery';

export interface PecRecipientsTable {
  readonly message_pk: string;
  readonly position: number;
  readonly address: string;
  readonly state: PecRecipientState;
  /** When its provider, or ours, said so. */
  readonly said_at: number | null;
  /** Why it failed; one line. */
  readonly reason: string | null;
  /** The receipt that said so. */
  readonly receipt_pk: string | null;
  readonly awaits: Awaited | null;
  /** Until when; null where nothing is. */
  readonly due_at: number | null;
  /** When the delivery is given up. */
  readonly give_up_at: number | null;
  readonly timed_out_at: number | null;
}

/**
 * - `matched`: of a message, whose history tells of it.
 * - `unmatched`: a receipt of no message that is known.
 * - `refused`: nothing that it says was believed.
 */
export const RECEIPT_STATES = ['matched', 'unmatched', 'refused'] as const;
export type ReceiptState = (typeof RECEIPT_STATES)[number];

/** A mail that is a receipt, or says that it is one. Kept longer than its message. */
export interface PecReceiptsTable {
  readonly pk: string;
  /** Whose message it is about, else whose mailbox it came to; null for the operator's. */
  readonly tenant_id: string | null;
  readonly account_pk: string | null;
  /** Whose mailbox it came to, or nothing: as part of a key. */
  readonly scope: string;
  /** SHA-256 of the mail, in hex. */
  readonly hash: string;
  readonly state: ReceiptState;
  /** Why it is unmatched or refused: a word of a closed list. */
  readonly why: string | null;
  /** Null where it cannot be read. */
  readonly type: ReceiptType | null;
  readonly error: ReceiptError | null;
  readonly error_detail: string | null;
  readonly status: string | null;
  readonly reference: string | null;
  readonly recipient: string | null;
  /** What is looked for: each address that it is about in lower case, between blanks. */
  readonly addresses: string;
  readonly form: string | null;
  readonly identifier: string | null;
  readonly provider: string | null;
  /** As the provider says. */
  readonly issued_at: number | null;
  readonly is_verified: 0 | 1;
  readonly unverified_reason: string | null;
  /** Subject of the signer's certificate. */
  readonly signer: string | null;
  /** SHA-256 of that certificate, in hex. */
  readonly signer_fingerprint: string | null;
  readonly message_pk: string | null;
  /** The client's id of the message, which stays when the message goes. */
  readonly message_id: string | null;
  readonly size_bytes: number;
  /** Not all of it was read. */
  readonly is_truncated: 0 | 1;
  readonly received_at: number;
}

/** A piece of the mail as it came; see CHUNK_BYTES in archive/receipt-content.ts. */
export interface PecReceiptChunksTable {
  readonly receipt_pk: string;
  /** From 0. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** Id of the key that sealed them, `:`, and the bytes of the whole mail; null where they are as they came. */
  readonly sealed_as: string | null;
}

export interface PecReceiptSchema {
  readonly pec_settings: PecSettingsTable;
  readonly pec_messages: PecMessagesTable;
  readonly pec_recipients: PecRecipientsTable;
  readonly pec_receipts: PecReceiptsTable;
  readonly pec_receipt_chunks: PecReceiptChunksTable;
}

export type PecDatabase = Database<CoreSchema & PecSchema & PecReceiptSchema>;
