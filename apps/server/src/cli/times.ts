// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `2026-11-28 06:26:25`, in the time zone of whoever looks on. */
export function localTime(at: string | number | Date): string {
  const date = new Date(at);
  return `${localDay(date)} ${clockTime(date)}`;
}

/** `06:26:25`, in the time zone of whoever looks on. */
export function clockTime(at: string | number | Date): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** The time alone where it is of the same day as another time. */
export function shortTime(at: string | number | Date, beside: number): string {
  const date = new Date(at);
  return localDay(date) === localDay(new Date(beside)) ? clockTime(date) : localTime(date);
}

/** `3 min`, the largest unit that says enough. */
export function durationText(ms: number): string {
  const length = Math.abs(ms);
  if (length < 1_000) return `${Math.round(length)} ms`;
  if (length < MINUTE_MS) return `${Math.round(length / 1_000)} s`;
  if (length < HOUR_MS) return `${Math.round(length / MINUTE_MS)} min`;
  if (length < 2 * DAY_MS) return `${Math.round(length / HOUR_MS)} h`;
  return `${Math.round(length / DAY_MS)} days`;
}

/** `3 min ago`, `in 2 h`. */
export function relativeTime(at: string | number | Date, now: number): string {
  const ms = new Date(at).getTime() - now;
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `in ${durationText(ms)}` : `${durationText(ms)} ago`;
}

function localDay(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
