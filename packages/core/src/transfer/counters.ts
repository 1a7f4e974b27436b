// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { rawStatement } from '../database/raw.ts';
import type { Statement } from '../database/statement.ts';

/** The last number that a table's serial column gave; null where it has none. */
export async function readCounter(db: Database<unknown>, { name, serial }: TableShape): Promise<number | null> {
  if (serial === null) return null;
  const [row] = await db.read(rawStatement(db, db.dialect.catalog.readCounter(name, serial)));
  return row?.value ?? 0;
}

/** Go on from there: a number is never given twice, that of a row since deleted neither. */
export function counterStatements(
  db: Database<unknown>,
  { name, serial }: TableShape,
  value: number | null,
): readonly Statement[] {
  if (serial === null || value === null) return [];
  return db.dialect.catalog.setCounter(name, serial, value).map((query) => rawStatement(db, query));
}
