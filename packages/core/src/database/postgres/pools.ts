// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import type { PostgresSettings } from '../../config/engine-config.ts';
import type { PostgresPool } from '../../config/postgres-pool.ts';

/** Connections that write and that read. */
export interface Pools {
  readonly writing: PostgresPool;
  readonly reading: PostgresPool;
  /** One of it listens to other instances. */
  readonly listening: PostgresPool;
  close(): Promise<void>;
}

/** Notices a peer that vanished within a minute or so, long before the system would. */
const KEEP_ALIVE_MS = 10_000;

/** One connection that writes, so that writes need not wait for reads, and the others that read. */
export function ownPools(url: string, { connectMs, maxConnections }: PostgresSettings): Pools {
  const writing = ownPool(url, connectMs, 1);
  const reading = ownPool(url, connectMs, maxConnections - 1);
  const listening = ownPool(url, connectMs, 1);
  return {
    writing,
    reading,
    listening,
    async close() {
      await Promise.all([writing.end(), reading.end(), listening.end()]);
    },
  };
}

/** The embedder's: its connections are borrowed one at a time for a group or for some reads, and it is not closed. */
export function sharedPool(pool: PostgresPool): Pools {
  return { writing: pool, reading: pool, listening: pool, close: async () => undefined };
}

function ownPool(url: string, connectMs: number, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    fallback_application_name: 'mail-proxy',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    pipeline: true,
    max,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The pool gives a new connection away before anybody else can listen: what comes with the same bytes as its being
  // ready, such as that the server shuts down, would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
