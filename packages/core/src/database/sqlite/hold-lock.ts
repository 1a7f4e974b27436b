// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import SqliteDatabase from 'better-sqlite3';
import { MailProxyError } from '../../errors.ts';

/**
 * Keep every server away from a database file: an exclusive transaction on a side file, which lasts until it is disposed
 * of or this process ends, whatever ends it.
 *
 * @throws an error of SQLite, SQLITE_BUSY while another process holds it
 */
export function holdLock(path: string): Disposable {
  const lock = new SqliteDatabase(`${path}.lock`, { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    throw error;
  }
  return { [Symbol.dispose]: () => void lock.close() };
}

/**
 * The same for who works on the file itself.
 *
 * @throws {MailProxyError} `database_locked`, `database_unavailable`
 */
export function lockFile(path: string): Disposable {
  try {
    return holdLock(path);
  } catch (error) {
    if (error instanceof SqliteDatabase.SqliteError && error.code === 'SQLITE_BUSY') {
      throw new MailProxyError('database_locked', { detail: `a server uses ${path}`, cause: error });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new MailProxyError('database_unavailable', { detail: `cannot lock ${path}: ${why}`, cause: error });
  }
}
