// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * A query as node-postgres takes it. Its types are not imported, so that who uses SQLite need not install them.
 */
export interface PostgresQuery {
  readonly text: string;
  /** Prepared under this name once a connection. */
  readonly name?: string;
  readonly values?: unknown[];
  readonly types?: { getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown };
}

/** What a client of node-postgres can do, as far as it is needed here. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rowCount: number | null; readonly rows: readonly unknown[] }>;
}

/** A client of a pool. */
export interface PooledPostgresClient extends PostgresClient {
  /** Whether it takes several queries before it has answered the first. */
  readonly pipeline?: boolean;
  /** Of clients in plain JavaScript: lets one that hangs be cut. */
  readonly connection?: { readonly stream: { destroy(): unknown } };
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (notification: { readonly payload?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'end', listener: () => void): unknown;
  removeListener(
    event: 'notification',
    listener: (notification: { readonly payload?: string | undefined }) => void,
  ): unknown;
  release(error?: Error | boolean): void;
}

/** A `pg.Pool`. */
export interface PostgresPool {
  connect(): Promise<PooledPostgresClient>;
}
