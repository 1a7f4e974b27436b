// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from '../clock.ts';
import type { RetryPolicy } from '../config/engine-config.ts';

/** Never at once: a relay that said "later" is not asked again within the same second. */
const MIN_DELAY_MS = 100;

/**
 * Milliseconds until the next attempt, after `attempts` (1 or more) that failed for now: exponential backoff with full
 * jitter, so that a thousand messages that failed together do not come back together.
 */
export function retryDelayMs(attempts: number, policy: RetryPolicy, random: Random): number {
  // The exponent is bounded: 2^1100 would be Infinity, and Infinity x 0 no number.
  const exponent = Math.min(Math.max(0, attempts - 1), 1_000);
  const ceiling = Math.min(policy.maxDelayMs, policy.baseMs * policy.factor ** exponent);
  return Math.max(MIN_DELAY_MS, Math.round(ceiling * (1 - random())));
}
