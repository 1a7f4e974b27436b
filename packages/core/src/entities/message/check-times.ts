// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Problems } from './check-problems.ts';
import type { ParsedMessage } from './message.schema.ts';

/** A time a little in the past is a clock that is wrong or a request that was slow, and means now. */
const MAX_LATENESS_MS = 60_000;

/** Check the times of a message against each other and against now, in milliseconds. */
export function checkTimes(
  { send_at, deferred_ts, expires_at }: Pick<ParsedMessage, 'send_at' | 'deferred_ts' | 'expires_at'>,
  now: number,
  problems: Problems,
): void {
  const sendAt = send_at === undefined ? null : Date.parse(send_at);
  const deferredTo = deferred_ts === undefined ? null : deferred_ts * 1_000;
  if (isPast(sendAt, now)) problems.add('send_at', 'expected a time that is not past');
  if (isPast(deferredTo, now)) problems.add('deferred_ts', 'expected a time that is not past');
  if (expires_at === undefined) return;
  const expiresAt = Date.parse(expires_at);
  if (expiresAt <= now) problems.add('expires_at', 'expected a time in the future');
  else if (expiresAt <= (sendAt ?? deferredTo ?? now)) {
    problems.add('expires_at', `expected a time after ${sendAt === null ? 'deferred_ts' : 'send_at'}`);
  }
}

function isPast(at: number | null, now: number): boolean {
  return at !== null && at < now - MAX_LATENESS_MS;
}
