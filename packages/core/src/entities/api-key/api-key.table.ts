// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A token that somebody holds; only its hash is here. */
export interface ApiKeysTable {
  readonly id: string;
  /** SHA-256 of the token, hex. Tokens have 256 bits of their own, so that a slow hash would add nothing. */
  readonly hash: string;
  /** Null for tokens of the operator. */
  readonly tenant_id: string | null;
  /** `admin`, `tenant` or `metrics`, with `limited ` before it where there are limits: versions that know none refuse those. */
  readonly scopes: string;
  readonly label: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  /** JSON of StoredLimits; null for none. */
  readonly limits: string | null;
  /** Counts changes. */
  readonly version: number;
  /** To the minute or so; null for never. */
  readonly last_used_at: number | null;
}
