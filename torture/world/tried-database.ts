// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DatabaseSync } from 'node:sqlite';
import {
  createDatabase,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
  type TempDir,
  type TestDatabase,
  type TestPostgres,
  tempDir,
} from '@mail-proxy/testkit';
import type { DatabaseKind } from '../crash-matrix/cells.ts';

/** The database of a server that is tried, and what can be done to it from outside. */
export interface TriedDatabase extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** Variables that lead a server to it. */
  readonly env: Readonly<Record<string, string>>;
  /** A path in a folder that goes with it. */
  file(name: string): string;
  /** Keep all others from writing, until it is disposed of. */
  lock(): Promise<AsyncDisposable>;
  /** Ask PostgreSQL itself; a file is asked nothing while a server has it. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Between the server and PostgreSQL; null for a file. */
  readonly proxy: TcpProxy | null;
  /** The PostgreSQL itself, to restart it; null for a file. */
  readonly server: TestPostgres | null;
}

export interface TriedDatabaseOptions {
  /** A PostgreSQL that runs already. @defaultValue one of its own */
  readonly postgresUrl?: string | undefined;
  /** PostgreSQL waits for the disk. @defaultValue false */
  readonly isDurable?: boolean;
}

export async function openTriedDatabase(
  kind: DatabaseKind,
  { postgresUrl, isDurable = false }: TriedDatabaseOptions = {},
): Promise<TriedDatabase> {
  const dir = tempDir();
  if (kind === 'sqlite') return sqliteDatabase(dir);
  const server = postgresUrl === undefined ? await startPostgres({ durable: isDurable }) : null;
  const database = await createDatabase(postgresUrl ?? server?.url ?? '');
  const proxy = await startTcpProxy(Number(new URL(database.url).port));
  return {
    kind,
    env: { GMP_DATA_DIR: dir.path, GMP_DATABASE_URL: proxy.inPlaceOf(database.url), ...KEY },
    file: (name) => dir.file(name),
    lock: () => lockPostgres(database),
    query: (sql, values) => queryOnce(database, sql, values),
    proxy,
    server,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await database.drop();
      await server?.stop();
      dir[Symbol.dispose]();
    },
  };
}

const KEY = { GMP_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };

function sqliteDatabase(dir: TempDir): TriedDatabase {
  return {
    kind: 'sqlite',
    env: { GMP_DATA_DIR: dir.path, ...KEY },
    file: (name) => dir.file(name),
    lock: async () => lockSqlite(dir.file('mail-proxy.db')),
    query: async () => [],
    proxy: null,
    server: null,
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
}

function lockSqlite(path: string): AsyncDisposable {
  const connection = new DatabaseSync(path, { timeout: 10_000 });
  connection.exec('begin immediate');
  return {
    async [Symbol.asyncDispose]() {
      connection.exec('rollback');
      connection.close();
    },
  };
}

async function queryOnce<Row>(
  database: TestDatabase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const connection = await database.connect();
  try {
    return await connection.query<Row>(sql, values);
  } finally {
    await connection.end();
  }
}

async function lockPostgres(database: TestDatabase): Promise<AsyncDisposable> {
  const connection = await database.connect();
  await connection.query('begin');
  await connection.query('lock table messages, message_events, report_cursors, report_calls in exclusive mode');
  return {
    async [Symbol.asyncDispose]() {
      await connection.query('rollback');
      await connection.end();
    },
  };
}
