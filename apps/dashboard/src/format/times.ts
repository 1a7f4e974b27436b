// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
const today = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const otherDay = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** In the zone of the browser; the time alone where it is of today. */
export function formatTime(at: string, now: number = Date.now()): string {
  const date = new Date(at);
  return date.toDateString() === new Date(now).toDateString() ? today.format(date) : otherDay.format(date);
}

export function formatFull(at: string): string {
  return full.format(new Date(at));
}

/** As programs and other zones have it. */
export function formatUtc(at: string): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}
