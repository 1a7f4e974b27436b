// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from './clock.ts';

/** How delays grow. */
export interface Backoff {
  /** Ceiling of the first delay, milliseconds. */
  readonly baseMs: number;
  /** Growth of the ceiling with each attempt, at least 1. */
  readonly factor: number;
  /** Highest ceiling, milliseconds. */
  readonly maxDelayMs: number;
}

/** Never at once, though full jitter may draw zero: who said "later" is not asked again in the same moment. */
export const MIN_DELAY_MS = 100;

/**
 * Milliseconds until the next attempt, after `attempts` (1 or more) that failed for now: exponential backoff with full
 * jitter, so that what failed together does not come back together.
 */
export function retryDelayMs(attempts: number, policy: Backoff, random: Random): number {
  // The exponent is bounded: 2^1100 would be Infinity, and Infinity x 0 no number.
  const exponent = Math.min(Math.max(0, attempts - 1), 1_000);
  const ceiling = Math.min(policy.maxDelayMs, policy.baseMs * policy.factor ** exponent);
  return Math.max(MIN_DELAY_MS, Math.round(ceiling * (1 - random())));
}
