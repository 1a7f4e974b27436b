// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A row as one line of JSON: the values in the order of the table's columns. The same row gives the same bytes on each
// database, so that hashes over lines compare tables. Integers beyond 2^53 stand as text, bytes as base64.
import type { ColumnKind, TableShape } from '../database/catalog.ts';
import type { SqlValue } from '../database/statement.ts';

/** Columns by name; integers as text, since a double holds not all of 64 bits. */
export type ReadRow = Readonly<Record<string, SqlValue>>;

type JsonValue = string | number | null;

const WHOLE_NUMBER = /^-?\d{1,19}$/;
/** Strict: Buffer.from would skip what is not base64. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws Error when a column holds what its type does not allow, as SQLite lets it */
export function canonicalRow(table: Pick<TableShape, 'name' | 'columns'>, row: ReadRow): string {
  const values = table.columns.map(({ name, kind }) => {
    const value = row[name] ?? null;
    const encoded = encode(kind, value);
    if (encoded === undefined) throw new Error(`${table.name}.${name} holds a value that is no ${kind}`);
    return encoded;
  });
  return JSON.stringify(values);
}

/** Read a line back into parameters, in the order of the columns; null when it is not a row of this table. */
export function parseRow(columns: TableShape['columns'], line: string): readonly SqlValue[] | null {
  let values: unknown;
  try {
    values = JSON.parse(line);
  } catch {
    return null;
  }
  if (!Array.isArray(values) || values.length !== columns.length) return null;
  const parameters = columns.map(({ kind }, index) => decode(kind, values[index]));
  return parameters.every((value) => value !== undefined) ? parameters : null;
}

/** An integer that was read as text, as exact as a statement's parameter can be. */
export function integerParameter(text: string): SqlValue {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

function encode(kind: ColumnKind, value: SqlValue): JsonValue | undefined {
  if (value === null) return null;
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'integer': {
      const text = String(value);
      if (!WHOLE_NUMBER.test(text)) return undefined;
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : text;
    }
    case 'real':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'bytes':
      if (!(value instanceof Uint8Array)) return undefined;
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    default:
      return kind satisfies never;
  }
}

function decode(kind: ColumnKind, value: unknown): SqlValue | undefined {
  if (value === null) return null;
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'integer':
      if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
      return typeof value === 'string' && WHOLE_NUMBER.test(value) ? value : undefined;
    case 'real':
      return typeof value === 'number' ? value : undefined;
    case 'bytes':
      return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64') : undefined;
    default:
      return kind satisfies never;
  }
}
