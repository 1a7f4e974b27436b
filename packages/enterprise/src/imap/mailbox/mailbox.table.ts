// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '@mail-proxy/core';

export const PURPOSES = ['bounces', 'pec'] as const;
/** What the mail of a mailbox is read for. */
export type Purpose = (typeof PURPOSES)[number];

export const AFTER_HANDLING = ['flag', 'move', 'delete', 'leave'] as const;
/** What becomes of mail that somebody wanted: marked as seen, moved to `move_to`, deleted, or left as it is. */
export type AfterHandling = (typeof AFTER_HANDLING)[number];

export type MailboxTls = 'implicit' | 'starttls' | 'none';

/** A folder on an IMAP server that is read for mail. */
export interface ImapMailboxesTable {
  readonly pk: string;
  /** Null: the operator's, for mail of all tenants. */
  readonly tenant_id: string | null;
  /** Null: for all accounts of the tenant. */
  readonly account_pk: string | null;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: MailboxTls;
  /** PEM; null for the system's authorities. */
  readonly tls_ca: string | null;
  /** 1 where user and password may go without TLS beyond this machine. */
  readonly allow_cleartext: 0 | 1;
  readonly username: string;
  readonly password: Sealed | null;
  /** JSON of settings for XOAUTH2. */
  readonly oauth: Sealed | null;
  readonly folder: string;
  /** JSON list of purposes. */
  readonly purposes: string;
  readonly after_handling: AfterHandling;
  readonly move_to: string | null;
  readonly poll_interval_s: number;
  readonly is_enabled: 0 | 1;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/**
 * - `new`: never looked into.
 * - `ok`: the last check went through.
 * - `failing`: it did not, and is tried again soon.
 * - `login_failed`: the server does not take user and password or token; asked again every five minutes at most.
 */
export type MailboxCondition = 'new' | 'ok' | 'failing' | 'login_failed';

/** How far a mailbox was read, and how the last check went. One row each. */
export interface ImapPositionsTable {
  readonly mailbox_pk: string;
  /** Which folder of which server it is the position in; null before the first check. */
  readonly place: string | null;
  /** Null before the first check (RFC 9051, 2.3.1.1). */
  readonly uidvalidity: number | null;
  /** Every mail up to this UID was looked at. */
  readonly last_uid: number;
  /** Mail below was there before UIDVALIDITY changed, and may have been looked at under another UID. */
  readonly reread_below: number;
  /** What came before was looked at, though the record of it is gone. */
  readonly forgotten_until: number;
  /** The mail at which the connection broke, and how often. */
  readonly stuck_uid: number;
  readonly stuck_tries: number;
  /** 1 while mail is handled: found at the start of a check, the process ended in the middle of the one before. */
  readonly is_reading: 0 | 1;
  readonly condition: MailboxCondition;
  /** Checks in a row that failed. */
  readonly failures: number;
  /** JSON of a fault and the stage; null after a check that went through. */
  readonly error: string | null;
  readonly last_check_at: number | null;
  readonly last_ok_at: number | null;
  readonly next_check_at: number;
  /** When somebody wanted it checked at once. */
  readonly asked_at: number;
  /** Since the mailbox was made. */
  readonly handled: number;
  readonly ignored: number;
  readonly repeated: number;
  readonly pruned_at: number;
}

/**
 * - `handled`: a reader wanted it, and what it wrote is committed.
 * - `ignored`: no reader wanted it.
 * - `retrying`: a reader or the connection failed at it; tried again at `next_at`.
 * - `set_aside`: failed too often. It waits for somebody to look.
 * - `gone`: it was removed from the mailbox before it could be tried again.
 */
export const MAIL_STATES = ['handled', 'ignored', 'retrying', 'set_aside', 'gone'] as const;
export type MailState = (typeof MAIL_STATES)[number];

/** Mail that was looked at. Kept for some time, so that no change of UIDs has it handled twice. */
export interface ImapMailsTable {
  readonly pk: string;
  readonly mailbox_pk: string;
  /** Of the content; null where it could not be fetched. Unique in the mailbox. */
  readonly hash: string | null;
  readonly uidvalidity: number;
  readonly uid: number;
  readonly message_id: string | null;
  /** INTERNALDATE, in milliseconds. */
  readonly received_at: number;
  readonly size_bytes: number;
  readonly state: MailState;
  readonly attempts: number;
  readonly next_at: number | null;
  /** Why it failed. */
  readonly error: string | null;
  /** 1 while it has to be marked, moved or deleted. */
  readonly is_to_dispose: 0 | 1;
  readonly at: number;
}

export interface ImapTables {
  readonly imap_mailboxes: ImapMailboxesTable;
  readonly imap_positions: ImapPositionsTable;
  readonly imap_mails: ImapMailsTable;
}
