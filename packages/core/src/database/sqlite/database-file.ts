// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { closeSync, openSync, readSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';

/** The first bytes of every database file. */
export const MAGIC = 'SQLite format 3\0';

/**
 * Make a database that nobody uses one file: what its log holds moves into it.
 *
 * @throws an error of SQLite where it is damaged
 */
export function closeLog(path: string): void {
  const file = new SqliteDatabase(path, { fileMustExist: true });
  try {
    file.pragma('journal_mode = DELETE');
  } finally {
    file.close();
  }
}

/** What is wrong with a database file, page by page and index by index; null where nothing is. */
export function findDamage(path: string): string | null {
  // SQLite would take the file for a new database, and delete the log beside it.
  if (beginOf(path) !== MAGIC) return 'the file is no database';
  try {
    closeLog(path);
    const file = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      const found = String(file.pragma('integrity_check(1)', { simple: true }));
      return found === 'ok' ? null : found;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof SqliteDatabase.SqliteError) return error.message;
    throw error;
  }
}

function beginOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const begin = Buffer.alloc(MAGIC.length);
    readSync(file, begin);
    return begin.toString('latin1');
  } finally {
    closeSync(file);
  }
}
