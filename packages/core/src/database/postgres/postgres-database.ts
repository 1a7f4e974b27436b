// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import { MailProxyError } from '../../errors.ts';
import { type Database, type DatabaseStats, UniqueViolation } from '../database.ts';
import { type Dialect, postgresDialect } from '../dialect.ts';
import {
  type Build,
  type Prepared,
  placeholders,
  prepared,
  type Statement,
  type StatementResult,
  type UnitResult,
} from '../statement.ts';
import { type UnitOutcome, WriteQueue } from '../write-queue.ts';
import { isRetryable, isStatementError, isUniqueViolation } from './sqlstate.ts';
import { runGroup, runStatements } from './transaction.ts';

/** int8 comes as text by default; our times, ranks and counts all fit a double (2^53). */
const INT8 = 20;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/** Groups are tried again this often when the server chose them as the victim of a deadlock. */
const MAX_TRIES = 5;

/**
 * PostgreSQL. Statements of a group are pipelined over one connection, so that a group costs two round trips,
 * however many units it holds; reads go through a pool.
 */
export class PostgresDatabase<Schema> implements Database<Schema> {
  readonly dialect: Dialect = postgresDialect;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #writes = new WriteQueue((units) => this.#commit(units));
  #writer: pg.Client | null = null;
  #isDisposed = false;
  #nextStatement = 1;

  private constructor(config: pg.ClientConfig) {
    this.#config = config;
    this.#pool = new pg.Pool({ ...config, max: 4 });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
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

  get stats(): DatabaseStats {
    return this.#writes.stats;
  }

  prepare<Input, Row = unknown>(build: Build<Schema, Input, Row>): Prepared<Input, Row> {
    // The compiler knows no tables; the builder's types come from Schema.
    const compiler = this.dialect.compiler as unknown as Parameters<typeof build>[0];
    return prepared(this.#nextStatement++, build(compiler, placeholders<Input>()).compile());
  }

  async read<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    const [result] = await this.readAll([statement]);
    return result?.rows ?? [];
  }

  async readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]> {
    try {
      const client = await this.#pool.connect();
      try {
        // The rows are what the statements select, which is Row by the builder's types.
        return (await runStatements(client, statements)) as readonly StatementResult<Row>[];
      } finally {
        client.release();
      }
    } catch (error) {
      throw databaseError(error);
    }
  }

  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>> {
    // One result a statement, in order; each row type is the statement's by construction.
    return this.#writes.write(unit) as unknown as Promise<UnitResult<S>>;
  }

  withTables<More>(): Database<Schema & More> {
    // Tables exist in the server, not in this object: only the view of the types widens.
    return this as unknown as Database<Schema & More>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const writer = this.#writer;
    this.#writer = null;
    await writer?.end();
    await this.#pool.end();
  }

  async #commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await runGroup(await this.#connectedWriter(), units);
      } catch (error) {
        if (!isRetryable(error) || attempt === MAX_TRIES) throw databaseError(error);
      }
    }
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
