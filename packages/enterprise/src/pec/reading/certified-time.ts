// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** `data` of a daticert.xml, as it came. */
export interface CertifiedClock {
  /** `giorno`: 13/05/2025, also with dots or dashes, or as 2025-05-13. */
  readonly day: string | null;
  /** `ora`: 14:35:30, also with dots, without seconds, or with parts of one. */
  readonly time: string | null;
  /** `zona`: +0200, +02:00, GMT, CEST; the law's own time zone where it is missing. */
  readonly zone: string | null;
}

const MINUTE_MS = 60_000;
const ZONES: Readonly<Record<string, number>> = {
  Z: 0,
  UT: 0,
  UTC: 0,
  GMT: 0,
  WET: 0,
  CET: 60,
  MET: 60,
  CEST: 120,
  MEST: 120,
};
/** RFC 5322 §3.3 allows more; no place is further. */
const MAX_OFFSET_MINUTES = 14 * 60;
const ROME = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Rome', timeZoneName: 'longOffset' });

/** The moment, in milliseconds since the epoch; null where it cannot be read, or never was. */
export function certifiedTime({ day, time, zone }: CertifiedClock): number | null {
  const local = localTime(day?.trim() ?? '', time?.trim() ?? '');
  if (local === null) return null;
  const minutes = zone === null || zone.trim() === '' ? romeOffset(local) : offsetIn(zone);
  return minutes === null ? null : local - minutes * MINUTE_MS;
}

/** As if it were UTC. */
function localTime(day: string, time: string): number | null {
  const italian = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(day);
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(day);
  const [year, month, date] = italian === null ? [iso?.[1], iso?.[2], iso?.[3]] : [italian[3], italian[2], italian[1]];
  const clock = /^(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d{1,9})?)?$/.exec(time);
  if (year === undefined || clock === null) return null;
  const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 60) return null;
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
  if (at.getUTCMonth() !== Number(month) - 1 || at.getUTCDate() !== Number(date)) return null;
  return at.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** Minutes east of Greenwich. */
function offsetIn(zone: string): number | null {
  const word = zone
    .slice(0, 100)
    .replace(/\([^()]*\)/g, '')
    .trim()
    .toUpperCase();
  const named = ZONES[word];
  if (named !== undefined) return named;
  const match = /^(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?$/.exec(word);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (minutes > MAX_OFFSET_MINUTES) return null;
  return match[1] === '-' ? -minutes : minutes;
}

/** In the hour that is there twice, summer's. */
function romeOffset(local: number): number | null {
  const name = ROME.formatToParts(local - 2 * 60 * MINUTE_MS).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return offsetIn(name);
}
