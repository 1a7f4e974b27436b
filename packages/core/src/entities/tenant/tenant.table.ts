// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** An organisation; owns everything that carries its id and sees nothing else. */
export interface TenantsTable {
  /** Chosen by the operator, 1 to 64 of `[a-zA-Z0-9_-]`. */
  readonly id: string;
  readonly name: string | null;
  /** Where reports go: base URL plus path. Null: this tenant is not told. */
  readonly client_base_url: string | null;
  readonly client_sync_path: string | null;
  readonly client_attachment_path: string | null;
  /** Sealed JSON of the credentials for the tenant's endpoint. */
  readonly client_auth: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}
