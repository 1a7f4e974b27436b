// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Why an address is not written to. The first three come by the tenant's policy, too. */
export const SUPPRESSION_REASONS = [
  'hard_bounce',
  'soft_bounces',
  'complaint',
  'unsubscribe',
  'manual',
  'import',
] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** An address, or a domain, that a tenant does not write to; one row each. */
export interface SuppressionsTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** In the form of suppression-address.ts; a whole domain begins with `@`. */
  readonly address: string;
  readonly reason: SuppressionReason;
  /** What somebody wrote, or what the relay said. */
  readonly note: string | null;
  /** The event by which it came here; it may be gone. */
  readonly source_event_pk: string | null;
  /** How often a message was kept from it, about: written now and then. */
  readonly stopped: number;
  readonly last_stopped_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  /** From then on it is as if it were not there; null for good. */
  readonly expires_at: number | null;
}

/** What counts against an address, as one of several that are needed. */
export interface SuppressionStrikesTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly address: string;
  /** One of STRIKE_KINDS. */
  readonly kind: string;
  readonly at: number;
  /** When it counts no more, by the policy of its time. */
  readonly forget_at: number;
}
