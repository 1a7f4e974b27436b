// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import type { Database } from './database.ts';

/**
 * Open the database that `url` names: `postgres://...`, or a file path (optionally `sqlite:path`), or `:memory:`.
 *
 * @throws {MailProxyError} `invalid_config`, `database_locked`, `database_unavailable`
 */
export async function openDatabase<Schema>(url: string): Promise<Database<Schema>> {
  // Loaded on demand: who uses SQLite never loads pg, and the other way round.
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { PostgresDatabase } = await import('./postgres/postgres-database.ts');
    return PostgresDatabase.open<Schema>(url);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    throw new MailProxyError('invalid_config', {
      detail: `database: ${url.replace(/:.*/s, '')} is not supported; expected postgres://... or a file path`,
    });
  }
  const { SqliteDatabase } = await import('./sqlite/sqlite-database.ts');
  return SqliteDatabase.open<Schema>(url.replace(/^sqlite:/, ''));
}
