// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { canonicalRow } from './canonical-row.ts';
import { readRows } from './read-rows.ts';

/** Read a table again, and say what an export of it would hold. */
export async function digestTable(
  db: Database<unknown>,
  table: TableShape,
  onRows: (rows: number) => void,
): Promise<{ readonly rows: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const rows of readRows(db, table)) {
    hash.update(rows.map((row) => `${canonicalRow(table, row)}\n`).join(''), 'utf8');
    count += rows.length;
    onRows(rows.length);
  }
  return { rows: count, sha256: hash.digest('hex') };
}
