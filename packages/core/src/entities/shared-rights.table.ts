// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A right that one instance has at a time; it ends with the session that holds it. */
export interface LeasesTable {
  /** What it is the right to, as `imap:<mailbox>`. */
  readonly name: string;
  readonly session: number;
}

/** How many connections to an account's relay an instance may open; those of dead sessions are void. */
export interface ConnectionSharesTable {
  readonly account_pk: string;
  readonly session: number;
  readonly connections: number;
}
