// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What a column of the original may hold, which is more than its type says: SQLite keeps anything in any column, and
// several versions wrote the same column in several ways.
import type { SqlValue } from '../database/statement.ts';

/** Columns by name; those of other versions are absent. */
export type SourceRow = Readonly<Record<string, SqlValue>>;

export type Json = Readonly<Record<string, unknown>>;

/** Null for what is absent or empty. */
export function textOf(row: SourceRow, column: string): string | null {
  const value = row[column];
  if (value === null || value === undefined || value instanceof Uint8Array) return null;
  const text = String(value);
  return text === '' ? null : text;
}

export function numberOf(row: SourceRow, column: string): number | null {
  const text = textOf(row, column);
  if (text === null) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Null for what says neither. */
export function flagOf(row: SourceRow, column: string): boolean | null {
  const text = textOf(row, column)?.toLowerCase() ?? '';
  if (['1', 'true', 't'].includes(text)) return true;
  return ['0', 'false', 'f'].includes(text) ? false : null;
}

/** As seconds, those of the year 5138. */
const MAX_SECONDS = 1e11;
const ZONE = /(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

/** Milliseconds since the epoch, of seconds or of the text of a time, which is in UTC where it names no zone. */
export function timeOf(row: SourceRow, column: string): number | null {
  const text = textOf(row, column);
  if (text === null) return null;
  const number = Number(text);
  if (!Number.isNaN(number)) return Math.round(number < MAX_SECONDS ? number * 1_000 : number);
  const iso = text.trim().replace(' ', 'T');
  // PostgreSQL writes the offset without its minutes.
  const zoned = ZONE.test(iso) ? iso.replace(/([+-]\d\d)$/, '$1:00') : `${iso}Z`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? null : ms;
}

/** Null for what is absent, and for what is no object. */
export function objectOf(row: SourceRow, column: string): Json | null {
  const text = textOf(row, column);
  return text === null ? null : parseObject(text);
}

export function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    // Some versions wrote JSON of JSON.
    return asObject(typeof value === 'string' ? JSON.parse(value) : value);
  } catch {
    // It is no JSON, so it is no object.
    return null;
  }
}

export function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

/** One line without control characters, cut to what fits. */
export function lineOf(text: string, max: number): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, max)
    .toWellFormed();
}

/** Characters of a batch's code. */
const MAX_BATCH_CODE = 64;

/** The code of a batch, the same for its messages and for what is suspended; null for none. */
export function batchCodeOf(text: string | null): string | null {
  const code = text === null ? '' : lineOf(text, MAX_BATCH_CODE);
  return code === '' ? null : code;
}

/** Without the fields that say nothing. */
export function dropAbsent(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
