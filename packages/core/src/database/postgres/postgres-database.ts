// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import { MailProxyError } from '../../errors.ts';
import { UniqueViolation } from '../database.ts';
import { postgresDialect } from '../dialect.ts';
import type { PeerChannel } from '../peer-channel.ts';
import type { Statement, StatementResult } from '../statement.ts';
import { WriteGroupingDatabase } from '../write-grouping-database.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { PostgresPeerChannel } from './postgres-peer-channel.ts';
import { isRetryable, isStalePlan, isStatementError, isUniqueViolation } from './sqlstate.ts';
import { runGroup, runStatements } from './transaction.ts';

/** int8 comes as text by default; our times, ranks and counts all fit a double (2^53). */
const INT8 = 20;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/** Of all instances on one database. */
const CHANNEL = 'mail_proxy';
/**
 * Of the connection that writes. A prepared statement keeps the plan it got when the tables were small: a join by hashing
 * all that is ready, say, which was measured to make a claim 70 times as slow at 100,000 ready messages, until the next
 * ANALYZE. All that is written here is found by an index, whatever the statistics say.
 */
const WRITER_SETTINGS =
  'set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set jit = off';

/** Groups are tried again this often when the server chose them as the victim of a deadlock. */
const MAX_TRIES = 5;

/** Connections that read. */
const POOL_SIZE = 4;

/**
 * PostgreSQL. Statements of a group are pipelined over one connection, so that a group costs two round trips,
 * however many units it holds; reads go through a pool.
 */
export class PostgresDatabase<Schema> extends WriteGroupingDatabase<Schema> {
  override readonly channel: PeerChannel;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;
  #writer: pg.Client | null = null;
  #isDisposed = false;

  private constructor(config: pg.ClientConfig) {
    super(postgresDialect);
    this.#config = config;
    this.#pool = new pg.Pool({ ...config, max: POOL_SIZE });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
    this.channel = new PostgresPeerChannel({
      name: CHANNEL,
      client: config,
      run: (text, values) =>
        this.#pool.query(text, [...values]).catch((error: unknown) => {
          throw databaseError(error);
        }),
    });
  }

  /** @throws {MailProxyError} `database_unavailable` */
  static async open<Schema>(url: string): Promise<PostgresDatabase<Schema>> {
    const database = new PostgresDatabase<Schema>({ connectionString: url, types, keepAlive: true, pipeline: true });
    try {
      await database.#connectedWriter();
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  override async readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        // The rows are what the statements select, which is Row by the builder's types.
        return (await this.#readOnce(statements)) as readonly StatementResult<Row>[];
      } catch (error) {
        // Every connection of the pool may have the old plan.
        if (!isStalePlan(error) || attempt > POOL_SIZE) throw databaseError(error);
      }
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#forgetWriter();
    await this.#pool.end();
  }

  protected override async commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await runGroup(await this.#connectedWriter(), units);
      } catch (error) {
        if (!(isRetryable(error) || isStalePlan(error)) || attempt === MAX_TRIES) throw databaseError(error);
        if (isStalePlan(error)) await this.#forgetWriter();
      }
    }
  }

  async #readOnce(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const client = await this.#pool.connect();
    let isStale = false;
    try {
      return await runStatements(client, statements);
    } catch (error) {
      isStale = isStalePlan(error);
      throw error;
    } finally {
      client.release(isStale);
    }
  }

  /** The next write opens another connection. */
  async #forgetWriter(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    await writer?.end();
  }

  async #connectedWriter(): Promise<pg.Client> {
    if (this.#isDisposed) throw new MailProxyError('database_unavailable', { detail: 'the database was closed' });
    if (this.#writer !== null) return this.#writer;
    const writer = new pg.Client(this.#config);
    // A broken connection is noticed by the next write, which opens another.
    const forget = (): void => {
      if (this.#writer === writer) this.#writer = null;
    };
    writer.on('error', forget);
    writer.on('end', forget);
    try {
      await writer.connect();
      await writer.query(WRITER_SETTINGS);
    } catch (error) {
      throw databaseError(error);
    }
    this.#writer = writer;
    return writer;
  }
}

function databaseError(error: unknown): unknown {
  if (error instanceof MailProxyError || error instanceof UniqueViolation) return error;
  if (isUniqueViolation(error)) return new UniqueViolation(error.message);
  if (isStatementError(error)) return error;
  return new MailProxyError('database_unavailable', { cause: error });
}
