// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A request that was answered, kept for when it comes again. */
export interface IdempotencyKeysTable {
  /** Whose key: the tenant's, or empty for an operator who named none. */
  readonly tenant_id: string;
  readonly key: string;
  /** SHA-256 of what was asked for, in hex. */
  readonly request_hash: string;
  /** Made for each request; tells its writer that it was this one after a commit in doubt. */
  readonly owner: string;
  /** JSON of what was decided before anything was stored. */
  readonly plan: string;
  /** What became of each draft of the plan; null only within the unit that writes the row. */
  readonly outcome: string | null;
  readonly created_at: number;
  /** Milliseconds; from then on the key is free. */
  readonly expires_at: number;
}
