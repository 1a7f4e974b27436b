// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** An account that sends certified mail. No row: ordinary mail. */
export interface PecAccountsTable {
  readonly account_pk: string;
}

export interface PecSchema {
  readonly pec_accounts: PecAccountsTable;
}
