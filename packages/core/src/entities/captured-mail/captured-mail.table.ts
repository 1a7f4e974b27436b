// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A mail that a sandbox took in the place of a relay. */
export interface CapturedMailsTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly account_pk: string;
  /** Of the message, with which it goes. */
  readonly message_pk: string;
  /** The client's id of it. */
  readonly message_id: string;
  /** Which attempt of the message it was. */
  readonly attempt: number;
  /** Reverse path; empty for the null sender. */
  readonly mail_from: string;
  readonly size_bytes: number;
  /** Milliseconds. */
  readonly captured_at: number;
  /** JSON of CapturedSummary; sealed where contents are. */
  readonly summary: string;
}

/** An address for which a sandbox took a mail. */
export interface CapturedRecipientsTable {
  readonly mail_pk: string;
  readonly position: number;
  readonly address: string;
}

/** The mail itself. */
export interface CapturedContentsTable {
  readonly mail_pk: string;
  /** Key and size of what is sealed; null for what is in clear. */
  readonly sealed_as: string | null;
  readonly bytes: Uint8Array;
}
