// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export const POLICIES = ['retry', 'hold', 'fail'] as const;
export const TENANTS = ['default', 'other'] as const;
export const BATCHES = ['spring', 'summer'] as const;

/** Where mail goes, and the rate limits there in any minute. */
export const LANES = [
  { tenant: 'default', account: 'main', perMinute: null, unit: 'message' },
  { tenant: 'default', account: 'slow', perMinute: 5, unit: 'message' },
  // Of the tenant, over its accounts.
  { tenant: 'other', account: 'main', perMinute: 8, unit: 'recipient' },
] as const;

/** What the test knows of a message besides what the database says. */
export interface Mail {
  readonly id: string;
  readonly lane: (typeof LANES)[number];
  readonly policy: (typeof POLICIES)[number];
  readonly to: readonly string[];
  readonly batch: (typeof BATCHES)[number] | null;
  /** Milliseconds; null for one that lives for days. */
  readonly expiresAt: number | null;
  /** Place among all that happened of the yes to its cancelling. */
  cancelledAs: number | null;
  wasAskedToCancel: boolean;
  /** Retries by hand that were done, or may have been. */
  retries: number;
  /** The same of confirmations. */
  confirms: number;
}

/** Something that must not be sent from one moment to another. */
export interface Stop {
  readonly what: string;
  /** The process that promised it; null where it holds for all. */
  readonly life: object | null;
  readonly fromAs: number;
  /** When it was asked to go on. */
  untilAs: number;
  readonly isOf: (mail: Mail) => boolean;
}
