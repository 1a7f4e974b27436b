// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { StrikeKind } from '../../mixin/suppressions.ts';
import { integer } from '../../operations/fields.ts';
import { periodMs, type RetentionPeriod, retentionPeriod } from '../../retention.ts';
import type { SuppressionReason } from './suppression.table.ts';

const count = v.nullish(integer(1, 100));
const expiry = v.nullish(retentionPeriod);

/** Of a tenant: after how many of a kind an address goes onto its list, and for how long. Absent is the default. */
export const suppressionPolicyInput = v.strictObject({
  /** How many; 1 by default, null for never. */
  hard: count,
  /** 5 by default, null for never. */
  soft: count,
  /** 1 by default, null for never. */
  complaint: count,
  /** In which time several have to come: days, or an ISO 8601 duration; 30 by default. */
  within: v.optional(retentionPeriod),
  /** How long the address stays; null, the default, for good. */
  hard_expiry: expiry,
  /** 30 days by default, null for good. */
  soft_expiry: expiry,
  /** Null, the default, for good. */
  complaint_expiry: expiry,
});
export type SuppressionPolicyInput = v.InferOutput<typeof suppressionPolicyInput>;

const DEFAULT_WITHIN = 30;
const DEFAULTS: Readonly<
  Record<
    StrikeKind,
    { readonly needed: number; readonly expiry: RetentionPeriod | null; readonly reason: SuppressionReason }
  >
> = {
  hard: { needed: 1, expiry: null, reason: 'hard_bounce' },
  soft: { needed: 5, expiry: 30, reason: 'soft_bounces' },
  complaint: { needed: 1, expiry: null, reason: 'complaint' },
};

/** What one more strike means. Times in milliseconds. */
export interface StrikeRule {
  /** So many, this one counted in, put the address onto the list. */
  readonly needed: number;
  /** Those before count no more. */
  readonly since: number;
  /** When this one counts no more. */
  readonly forgetAt: number;
  /** Until when the address is on the list; null for good. */
  readonly expiresAt: number | null;
  readonly reason: SuppressionReason;
}

/** What a strike at that time means; null where the tenant does not count this kind. */
export function strikeRule(policy: SuppressionPolicyInput | null, kind: StrikeKind, at: number): StrikeRule | null {
  const own = policy?.[kind];
  const needed = own === undefined ? DEFAULTS[kind].needed : own;
  if (needed === null) return null;
  const ownExpiry = policy?.[`${kind}_expiry`];
  const expiry = ownExpiry === undefined ? DEFAULTS[kind].expiry : ownExpiry;
  const withinMs = periodMs(policy?.within ?? DEFAULT_WITHIN);
  return {
    needed,
    since: at - withinMs,
    forgetAt: at + withinMs,
    expiresAt: expiry === null ? null : at + periodMs(expiry),
    reason: DEFAULTS[kind].reason,
  };
}

/** What a tenant's column says. */
export function suppressionPolicyOf(column: string | null): SuppressionPolicyInput | null {
  // The column holds what was validated as such when it was set.
  return column === null ? null : (JSON.parse(column) as SuppressionPolicyInput);
}
