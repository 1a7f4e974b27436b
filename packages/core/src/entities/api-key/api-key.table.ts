// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A token that somebody holds; only its hash is here. */
export interface ApiKeysTable {
  readonly id: string;
  /** SHA-256 of the token, hex. Tokens have 256 bits of their own, so that a slow hash would add nothing. */
  readonly hash: string;
  /** Null for keys of the operator. */
  readonly tenant_id: string | null;
  /** `admin`, `tenant` or `metrics`. */
  readonly scopes: string;
  readonly label: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}
