// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** All three forms of a date begin with the day; `Date.parse` alone would find a date in any words with a number. */
const DATE = /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? /;

/**
 * Read Retry-After: milliseconds from `now`, which is the wall clock's. Null where it is missing or neither seconds nor
 * a date. Who asks again decides how much of it to believe.
 *
 * @see RFC 9110 §10.2.3, §5.6.7
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  if (!DATE.test(value)) return null;
  // The form of asctime has no zone and means GMT.
  const at = Date.parse(value.endsWith(' GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
