// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import { type Clock, systemClock } from '../../clock.ts';
import type { PostgresSettings } from '../../config/engine-config.ts';
import { MailProxyError } from '../../errors.ts';
import { postgresDialect } from '../dialect.ts';
import type { Statement, StatementResult } from '../statement.ts';
import { WriteGroupingDatabase } from '../write-grouping-database.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { type Connection, type ConnectionSource, withConnection } from './connection.ts';
import { databaseError, unavailable } from './errors.ts';
import { fateOf } from './sqlstate.ts';
import { isUnitFailure, type Patience, runGroup } from './transaction.ts';

/** Tries of a group that the server chose as the victim of a deadlock. */
const MAX_TRIES = 5;
/** Tries of what met a connection that was dead already, or died under it. */
const MAX_CONNECTIONS_TRIED = 2;
/** So much later than the server's own limit, which leaves the connection usable. */
const SILENCE_GRACE_MS = 5_000;
/** A statement waits for a lock for this part of its time, so that the units beside it still have theirs. */
const LOCK_SHARE = 3;
const KEEP_ALIVE_MS = 10_000;

/**
 * PostgreSQL. Statements of a group are pipelined over one connection, so that a group costs three round trips,
 * however many units it holds; reads go through a pool.
 */
export class PostgresDatabase<Schema> extends WriteGroupingDatabase<Schema> {
  readonly #writing: ConnectionSource;
  readonly #reading: ConnectionSource;
  readonly #patience: Patience;
  readonly #closePools: () => Promise<void>;
  #isDisposed = false;

  private constructor(url: string, { connectMs, statementMs, maxConnections }: PostgresSettings, clock: Clock) {
    super(postgresDialect);
    const writers = ownPool(url, { connectMs, max: 1 });
    const readers = ownPool(url, { connectMs, max: Math.max(1, maxConnections - 1) });
    const source = { clock, connectMs, silenceMs: statementMs + SILENCE_GRACE_MS };
    this.#writing = { ...source, pool: writers };
    this.#reading = { ...source, pool: readers };
    this.#patience = { statementMs, lockMs: Math.ceil(statementMs / LOCK_SHARE), idleMs: statementMs };
    this.#closePools = async () => {
      await Promise.all([writers.end(), readers.end()]);
    };
  }

  /** @throws {MailProxyError} `database_unavailable` */
  static async open<Schema>(
    url: string,
    settings: PostgresSettings,
    clock: Clock = systemClock,
  ): Promise<PostgresDatabase<Schema>> {
    const database = new PostgresDatabase<Schema>(url, settings, clock);
    try {
      await database.#use(database.#writing, (connection) => connection.command('select 1'));
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw databaseError(error);
    }
  }

  override async readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]> {
    try {
      const results = await this.#use(this.#reading, (connection) => connection.run(statements));
      // The rows are what the statements select, which is Row by the builder's types.
      return results as readonly StatementResult<Row>[];
    } catch (error) {
      throw databaseError(error);
    }
  }

  override async writeUnhurried(unit: readonly Statement[]): Promise<void> {
    const patience = { ...this.#patience, statementMs: 0, lockMs: 0 };
    const source = { ...this.#writing, silenceMs: Number.MAX_SAFE_INTEGER };
    const [outcome] = await this.#commit([unit], source, patience);
    if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('the unit has no outcome');
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#closePools();
  }

  protected override commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    return this.#commit(units, this.#writing, this.#patience);
  }

  async #commit(
    units: readonly (readonly Statement[])[],
    source: ConnectionSource,
    patience: Patience,
  ): Promise<readonly UnitOutcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#use(source, (connection) => runGroup(connection, units, patience));
      } catch (error) {
        if (fateOf(error) !== 'retry' || attempt === MAX_TRIES) throw databaseError(error);
      }
    }
  }

  /** Ask on a connection; on another one, where it turns out to be dead and nothing was kept. */
  async #use<T>(source: ConnectionSource, ask: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#isDisposed) throw unavailable('it was closed');
      try {
        return await withConnection(source, ask, leavesUsable);
      } catch (error) {
        const isWorthAnother = !(error instanceof MailProxyError) && fateOf(error) === 'reconnect';
        if (!isWorthAnother || attempt === MAX_CONNECTIONS_TRIED) throw error;
      }
    }
  }
}

/** Whether a connection on which this happened can be used again. */
function leavesUsable(error: unknown): boolean {
  return isUnitFailure(error) || fateOf(error) === 'retry';
}

function ownPool(url: string, { connectMs, max }: { readonly connectMs: number; readonly max: number }): pg.Pool {
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
  return pool;
}
