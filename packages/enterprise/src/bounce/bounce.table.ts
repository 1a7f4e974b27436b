// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** How a tenant wants to be told of bounces. No row: its mail goes out as it is. */
export interface BounceSettingsTable {
  readonly tenant_id: string;
  /** Domain of the return path; null for the message's own return path. */
  readonly return_path_domain: string | null;
  readonly return_path_prefix: string;
  /** 1: each recipient has a return path, and so a transaction, of its own. */
  readonly per_recipient: number;
  /** 1: what was matched by ids that are not signed counts for the suppression list, too. */
  readonly trust_unsigned_ids: number;
  /** Milliseconds. */
  readonly updated_at: number;
}

/** A bounce or a complaint whose message was not found. */
export interface UnmatchedBouncesTable {
  readonly pk: string;
  /** Whose mailbox it came to, or who posted it; null for the operator's. */
  readonly tenant_id: string | null;
  /** The tenant, or nothing: as part of a key. */
  readonly scope: string;
  /** SHA-256 of the mail, in hex. */
  readonly hash: string;
  readonly kind: 'bounce' | 'complaint';
  readonly why: UnmatchedReason;
  /** JSON of what it says of each recipient. */
  readonly recipients: string;
  /** Of the message that it is about, as it says. */
  readonly message_id: string | null;
  readonly reporting_mta: string | null;
  /** Milliseconds. */
  readonly received_at: number;
}

/**
 * - `no_message`: nothing in it names a message that is here, and is the tenant's.
 * - `no_recipient`: its message is here, and it says of none of its recipients that they did not get it.
 */
export const UNMATCHED_REASONS = ['no_message', 'no_recipient'] as const;
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number];

export interface BounceSchema {
  readonly bounce_settings: BounceSettingsTable;
  readonly bounce_unmatched: UnmatchedBouncesTable;
}
