// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '../../clock.ts';
import type { PostgresSettings } from '../../config/engine-config.ts';
import type { PostgresClient, PostgresPool } from '../../config/postgres-pool.ts';
import { MailProxyError } from '../../errors.ts';
import type { UnitWriter } from '../database.ts';
import type { PeerChannel } from '../peer-channel.ts';
import type { Statement, StatementResult } from '../statement.ts';
import { WriteGroupingDatabase } from '../write-grouping-database.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { type Connection, type ConnectionSource, withConnection } from './connection.ts';
import { databaseError, unavailable } from './errors.ts';
import { joinTransaction } from './join-transaction.ts';
import { ownPools, type Pools, sharedPool } from './pools.ts';
import { channelOf, PostgresPeerChannel } from './postgres-peer-channel.ts';
import { ensureSchema, postgresDialectIn } from './schema.ts';
import { fateOf, isStalePlan } from './sqlstate.ts';
import { isUnitFailure, type Patience, runGroup, wasBusy, withoutWaiting } from './transaction.ts';

/** Tries of a group that the server chose as the victim of a deadlock. */
const MAX_TRIES = 5;
/** Tries of what met a connection that was dead already, or died under it. */
const MAX_CONNECTIONS_TRIED = 2;
/** So much later than the server's own limit, which leaves the connection usable. */
const SILENCE_GRACE_MS = 5_000;
/** A statement waits for a lock for this part of its time, so that the units beside it still have theirs. */
const LOCK_SHARE = 3;

export interface PostgresPatience extends PostgresSettings {
  /** Milliseconds for which the server waits for the next statement of a transaction. */
  readonly idleMs: number;
}

/**
 * PostgreSQL. Statements of a group are pipelined over one connection, so that a group costs three round trips,
 * however many units it holds; reads go through a pool.
 */
export class PostgresDatabase<Schema> extends WriteGroupingDatabase<Schema> {
  override readonly channel: PeerChannel;
  readonly #writing: ConnectionSource;
  readonly #reading: ConnectionSource;
  readonly #patience: Patience;
  readonly #pools: Pools;
  readonly #maxConnections: number;
  /** Somebody kept rows locked when the last group was written. */
  #isHeldUp = false;
  #isDisposed = false;

  private constructor(
    pools: Pools,
    { connectMs, statementMs, idleMs, schema, maxConnections }: PostgresPatience,
    clock: Clock,
  ) {
    super(postgresDialectIn(schema ?? null));
    const source = { clock, connectMs, silenceMs: statementMs + SILENCE_GRACE_MS };
    this.#pools = pools;
    this.#maxConnections = maxConnections;
    this.#writing = { ...source, pool: pools.writing };
    this.#reading = { ...source, pool: pools.reading };
    this.#patience = { statementMs, lockMs: Math.ceil(statementMs / LOCK_SHARE), idleMs };
    this.channel = new PostgresPeerChannel({
      name: channelOf(schema ?? null),
      pool: pools.listening,
      run: async (command) => {
        try {
          await this.#use(this.#reading, (connection) => connection.command(command));
        } catch (error) {
          throw databaseError(error);
        }
      },
    });
  }

  /**
   * @param from whose pool stays open when this is disposed of; an address opens pools of its own
   * @throws {MailProxyError} `database_unavailable`
   */
  static async open<Schema>(
    from: { readonly url: string } | { readonly pool: PostgresPool },
    settings: PostgresPatience,
    clock: Clock = systemClock,
  ): Promise<PostgresDatabase<Schema>> {
    const pools = 'pool' in from ? sharedPool(from.pool) : ownPools(from.url, settings);
    const database = new PostgresDatabase<Schema>(pools, settings, clock);
    try {
      await database.#use(database.#writing, (connection) => ensureSchema(connection, settings.schema ?? null));
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

  override joining<T>(client: PostgresClient, work: (writer: UnitWriter) => Promise<T>): Promise<T> {
    return joinTransaction(client, work);
  }

  /** On what machine the server keeps it, nobody here knows. */
  override async room(): Promise<null> {
    return null;
  }

  override async copyTo(): Promise<never> {
    throw new MailProxyError('unsupported', {
      detail: 'PostgreSQL makes its own backups: use pg_dump, or mail-proxy export while no server runs',
    });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#pools.close();
  }

  protected override async commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    const patience = this.#isHeldUp ? withoutWaiting(this.#patience) : this.#patience;
    const outcomes = await this.#commit(units, this.#writing, patience);
    this.#isHeldUp = outcomes.some(wasBusy);
    return outcomes;
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
        // Every connection of the pool may have plans from before a migration.
        const most = isStalePlan(error) ? this.#maxConnections : MAX_CONNECTIONS_TRIED;
        if (!isWorthAnother || attempt >= most) throw error;
      }
    }
  }
}

/** Whether a connection on which this happened can be used again. */
function leavesUsable(error: unknown): boolean {
  return isUnitFailure(error) || fateOf(error) === 'retry';
}
