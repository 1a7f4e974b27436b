// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/**
 * Order in a lane. `rank = eligible_at + priority x step`: a message of a lower level is overtaken only by what
 * becomes eligible within the steps between them, so that low is late but never starves. It is set when a message
 * becomes ready and never rewritten while it waits; equal ranks go by primary key, which is time-ordered.
 */

/** Added to the rank of immediate messages (priority 0), which puts them in a range of their own, below zero. */
export const IMMEDIATE_OFFSET = -10_000_000_000_000;

/** Place of a message that becomes eligible at `eligibleAt` (ms). */
export function rankOf(eligibleAt: number, priority: number, stepMs: number): number {
  return priority === 0 ? eligibleAt + IMMEDIATE_OFFSET : eligibleAt + priority * stepMs;
}

/** The order of a lane, for sorting. */
export function byRank(
  a: { readonly rank: number; readonly pk: string },
  b: { readonly rank: number; readonly pk: string },
): number {
  return a.rank - b.rank || (a.pk < b.pk ? -1 : 1);
}
