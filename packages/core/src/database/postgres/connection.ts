// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import type { Clock } from '../../clock.ts';
import type { PooledPostgresClient, PostgresPool, PostgresQuery } from '../../config/postgres-pool.ts';
import { MailProxyError } from '../../errors.ts';
import type { Statement, StatementResult } from '../statement.ts';
import { unavailable } from './errors.ts';
import { Watchdog } from './watchdog.ts';

/** int8 comes as text by default; our times, ranks and counts all fit a double (2^53). */
const INT8 = 20;

/** Given with each query, so that nobody else's parsers change. */
const TYPES: NonNullable<PostgresQuery['types']> = {
  getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')),
};

/** Where connections come from, and how patient they are. */
export interface ConnectionSource {
  readonly pool: PostgresPool;
  readonly clock: Clock;
  /** Milliseconds for a connection, the wait for a free one counted in. */
  readonly connectMs: number;
  /** Milliseconds for which a server that is asked something may say nothing. */
  readonly silenceMs: number;
}

/** A guard's statement touched another number of rows than one. */
export class GuardFailed extends MailProxyError {}

/** A connection while it is lent: what is asked on it, and what it answers. */
export class Connection {
  readonly #client: PooledPostgresClient;
  readonly #watchdog: Watchdog;
  #isSilent = false;

  constructor(client: PooledPostgresClient, { clock, silenceMs }: ConnectionSource) {
    this.#client = client;
    // A connection that is cut rejects all that was asked on it.
    this.#watchdog = new Watchdog(clock, silenceMs, () => {
      this.#isSilent = true;
      client.connection?.stream.destroy();
    });
  }

  /** The server said nothing for too long, and the connection was cut. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Run statements in their order: in one round trip where the client may send them all at once.
   *
   * @throws {GuardFailed}
   * @throws what the server or the connection said
   */
  async run(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const results: StatementResult[] = [];
    if (this.#client.pipeline !== true) {
      for (const statement of statements) results.push(checkGuard(statement, await this.#ask(queryOf(statement))));
      return results;
    }
    const settled = await Promise.allSettled(statements.map((statement) => this.#ask(queryOf(statement))));
    for (const [index, statement] of statements.entries()) {
      const result = settled[index];
      // The first failure is the cause of those behind it.
      if (result?.status !== 'fulfilled') throw result?.reason;
      results.push(checkGuard(statement, result.value));
    }
    return results;
  }

  /** Run commands without parameters, and wait for their end. */
  async command(text: string): Promise<void> {
    await this.#ask({ text });
  }

  /** Written without await: a group has thousands of these. */
  #ask(query: PostgresQuery): Promise<StatementResult> {
    return this.#client.query(query).then(({ rowCount, rows }) => {
      this.#watchdog.heard();
      return { changes: rowCount ?? 0, rows };
    });
  }

  [Symbol.dispose](): void {
    this.#watchdog[Symbol.dispose]();
  }
}

/**
 * Lend a connection to `work`. Afterwards it goes back to its pool, or is closed where `work` failed otherwise than by
 * an answer of the server that leaves it usable.
 *
 * @throws {MailProxyError} `database_unavailable` when there is none in time, or when the server falls silent
 */
export async function withConnection<T>(
  source: ConnectionSource,
  work: (connection: Connection) => Promise<T>,
  isUsableAfter: (error: unknown) => boolean,
): Promise<T> {
  const client = await acquire(source);
  // A lent client that breaks would otherwise end the process; what was asked on it rejects anyway.
  const onError = (): undefined => undefined;
  client.on('error', onError);
  using connection = new Connection(client, source);
  let fault: Error | undefined;
  try {
    return await work(connection);
  } catch (error) {
    if (connection.isSilent) fault = unavailable(`it said nothing for ${source.silenceMs} ms`, error);
    else if (!isUsableAfter(error)) fault = error instanceof Error ? error : new Error(String(error));
    throw connection.isSilent ? fault : error;
  } finally {
    client.release(fault);
    // A pipelining client that hangs would wait for its answers before it said goodbye.
    if (fault !== undefined) client.connection?.stream.destroy();
    client.removeListener('error', onError);
  }
}

async function acquire({ pool, clock, connectMs }: ConnectionSource): Promise<PooledPostgresClient> {
  const late = Promise.withResolvers<never>();
  let isLate = false;
  using _timer = clock.after(connectMs, () => {
    isLate = true;
    late.reject(unavailable(`there was no connection within ${connectMs} ms`));
  });
  const pending = pool.connect();
  pending.then(
    (client) => {
      if (isLate) client.release();
    },
    () => undefined,
  );
  try {
    return await Promise.race([pending, late.promise]);
  } catch (error) {
    throw isLate ? error : unavailable('no connection could be opened', error);
  }
}

/** @throws {GuardFailed} */
export function checkGuard({ guard }: Statement, result: StatementResult): StatementResult {
  if (guard !== undefined && result.changes !== 1) throw new GuardFailed(guard);
  return result;
}

export function queryOf({ prepared, parameters }: Statement): PostgresQuery {
  return { name: prepared.name, text: prepared.sql, values: [...parameters], types: TYPES };
}
