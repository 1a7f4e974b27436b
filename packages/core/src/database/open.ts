// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { type PostgresSettings, postgresSchema } from '../config/engine-config.ts';
import type { PostgresPool } from '../config/postgres-pool.ts';
import { MailProxyError } from '../errors.ts';
import type { Database } from './database.ts';

/** What a `database` setting names. */
export type DatabaseAddress =
  | { readonly kind: 'pool'; readonly pool: PostgresPool }
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'memory'; readonly path: ':memory:' };

/**
 * Read a pool, `postgres://...`, a file path (optionally `sqlite:path`), or `:memory:`.
 *
 * @throws {MailProxyError} `invalid_config` for the address of any other database
 */
export function parseDatabaseAddress(database: string | PostgresPool): DatabaseAddress {
  if (typeof database !== 'string') return { kind: 'pool', pool: database };
  if (/^postgres(ql)?:\/\//.test(database)) return { kind: 'postgres', url: database };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(database)) {
    throw new MailProxyError('invalid_config', {
      detail: `database: ${database.replace(/:.*/s, '')} is not supported; expected postgres://... or a file path`,
    });
  }
  const path = database.replace(/^sqlite:/, '');
  return path === ':memory:' ? { kind: 'memory', path } : { kind: 'file', path };
}

export interface OpenOptions {
  /** Beside a server that has it open; a file is not made. Who opens it so writes nothing. @defaultValue false */
  readonly readOnly?: boolean;
  /** @defaultValue those of the configuration */
  readonly postgres?: PostgresSettings;
  /**
   * Milliseconds for which PostgreSQL waits for the next statement of a transaction before it undoes it, and lets go of
   * what it locked. @defaultValue, and at most, `postgres.statementMs`
   */
  readonly idleMs?: number;
}

/**
 * Open the database that {@link parseDatabaseAddress} reads.
 *
 * @throws {MailProxyError} `invalid_config`, `database_locked`, `database_unavailable`
 */
export async function openDatabase<Schema>(
  database: string | PostgresPool,
  { readOnly = false, postgres = v.parse(postgresSchema, {}), idleMs = postgres.statementMs }: OpenOptions = {},
): Promise<Database<Schema>> {
  const address = parseDatabaseAddress(database);
  // Loaded on demand: who uses SQLite never loads pg, and the other way round.
  if (address.kind === 'postgres' || address.kind === 'pool') {
    const { PostgresDatabase } = await import('./postgres/postgres-database.ts');
    return PostgresDatabase.open<Schema>(address, { ...postgres, idleMs: Math.min(idleMs, postgres.statementMs) });
  }
  const { SqliteDatabase } = await import('./sqlite/sqlite-database.ts');
  return readOnly ? SqliteDatabase.openToRead<Schema>(address.path) : SqliteDatabase.open<Schema>(address.path);
}
