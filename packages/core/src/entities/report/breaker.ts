// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportCursorsTable } from '../message-event/message-event.table.ts';

/** Calls that fail in a row before the endpoint is only asked whether it answers: the breaker is open. */
export const BREAKER_FAILURES = 5;

/**
 * - `closed`: events are told.
 * - `open`: the endpoint failed too often and is left alone for a while.
 * - `half_open`: the while is over; the next call is empty, and if it is acknowledged, what failed is told.
 */
export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type Breaker = (typeof BREAKER_STATES)[number];

export function breakerOf(
  { failures, next_attempt_at: nextAttemptAt }: Pick<ReportCursorsTable, 'failures' | 'next_attempt_at'>,
  now: number,
): Breaker {
  if (failures < BREAKER_FAILURES) return 'closed';
  return nextAttemptAt > now ? 'open' : 'half_open';
}
