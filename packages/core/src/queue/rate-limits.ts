// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { RateLimits } from '../entities/account/account.model.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { LaneKey } from './lanes.ts';

/**
 * Rate limits over sliding windows. A slot is busy from the claim, where the leased row itself is the reservation,
 * until one window after the outcome: no window at the relay ever sees more than the limit, whichever instance sends.
 * What was sent is kept in buckets of 1/240 of the window; a use goes into the bucket that ends after it, so it is
 * never forgotten too early, and late by a bucket at most.
 */

/** Limits of a lane: those of the account, and those of its tenant over all accounts. */
export interface LaneLimits {
  readonly account: RateLimits;
  readonly tenant: RateLimits;
}

/** Something that was sent and counts in one window of one scope. */
export interface RateUse {
  readonly scope: string;
  readonly windowMs: number;
  /** Milliseconds: when its outcome was known, never before it was sent. */
  readonly at: number;
  readonly count: number;
}

/** One limit of one scope. */
export interface RateWindow {
  readonly scopeKind: 'account' | 'tenant';
  readonly scope: string;
  readonly windowMs: number;
  readonly limit: number;
  readonly unit: RateLimits['unit'];
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A window is rounded up by one of these parts at most. */
const BUCKETS = 240;

export function bucketMs(windowMs: number): number {
  return windowMs / BUCKETS;
}

/** The first end of a bucket that is not before `at`. */
export function bucketOf(at: number, windowMs: number): number {
  return Math.ceil(at / bucketMs(windowMs)) * bucketMs(windowMs);
}

export function accountScope(accountPk: string): string {
  return `account:${accountPk}`;
}

export function tenantScope(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** Whether anything is limited at all; a lane without limits costs nothing more. */
export function limitsOf(limits: LaneLimits): LaneLimits | null {
  return hasLimit(limits.account) || hasLimit(limits.tenant) ? limits : null;
}

/** Every window that limits a lane. */
export function windowsOf({ accountPk, tenantId }: LaneKey, limits: LaneLimits | null): readonly RateWindow[] {
  if (limits === null) return [];
  return [
    ...windows('account', accountScope(accountPk), limits.account),
    ...windows('tenant', tenantScope(tenantId), limits.tenant),
  ];
}

/** What was sent, as uses of each window that limits the lane; none where nothing is limited or nothing was sent. */
export function usesOf(
  lane: LaneKey,
  limits: LaneLimits | null,
  sent: { readonly messages: number; readonly recipients: number; readonly at: number },
): readonly RateUse[] {
  return windowsOf(lane, limits).flatMap(({ scope, windowMs, unit }) => {
    const count = unit === 'recipient' ? sent.recipients : sent.messages;
    return count === 0 ? [] : [{ scope, windowMs, at: sent.at, count }];
  });
}

/** Delete buckets that no window reaches any more. */
export function prepareForgetUses(db: Database<CoreSchema>): (now: number) => Promise<void> {
  const forget = db.prepare<{ now: number }>((k, p) =>
    k.deleteFrom('rate_uses').where(sql<boolean>`bucket_at + window_ms <= ${p.now}`),
  );
  return async (now) => {
    await db.write([forget.bind({ now })]);
  };
}

function windows(
  scopeKind: RateWindow['scopeKind'],
  scope: string,
  { perMinute, perHour, perDay, unit }: RateLimits,
): readonly RateWindow[] {
  const given = [
    [MINUTE_MS, perMinute],
    [HOUR_MS, perHour],
    [DAY_MS, perDay],
  ] as const;
  return given.flatMap(([windowMs, limit]) => (limit === null ? [] : [{ scopeKind, scope, windowMs, limit, unit }]));
}

function hasLimit({ perMinute, perHour, perDay }: RateLimits): boolean {
  return perMinute !== null || perHour !== null || perDay !== null;
}
