// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { type Database, type DatabaseStats, UniqueViolation } from '../database.ts';
import { type Dialect, sqliteDialect } from '../dialect.ts';
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
import type { WireUnitResult } from './wire.ts';
import { WorkerChannel } from './worker-channel.ts';

/** SQLite in worker threads: one writes, one reads, so that a commit never stops the event loop. */
export class SqliteDatabase<Schema> implements Database<Schema> {
  readonly dialect: Dialect = sqliteDialect;
  readonly #writer: WorkerChannel;
  readonly #reader: WorkerChannel;
  readonly #writes: WriteQueue;
  #nextStatement = 1;

  private constructor(writer: WorkerChannel, reader: WorkerChannel) {
    this.#writer = writer;
    this.#reader = reader;
    this.#writes = new WriteQueue(async (units) => {
      const results = await writer.send(units);
      return units.map((unit, index) => outcomeOf(writer, unit, results[index]));
    });
  }

  /**
   * Open or create the file. `:memory:` keeps everything in memory and loses it on close; it is read and written
   * by one thread.
   *
   * @throws {MailProxyError} `database_locked` while another server has it open, `database_unavailable`
   */
  static async open<Schema>(path: string): Promise<SqliteDatabase<Schema>> {
    const writer = await WorkerChannel.open({ path, role: 'writer' });
    if (path === ':memory:') return new SqliteDatabase(writer, writer);
    try {
      return new SqliteDatabase(writer, await WorkerChannel.open({ path, role: 'reader' }));
    } catch (error) {
      await writer[Symbol.asyncDispose]();
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
    const shared = this.#reader === this.#writer;
    const [outcome] = shared
      ? [{ ok: await this.#writes.write(statements) }]
      : (await this.#reader.send([statements])).map((result) => outcomeOf(this.#reader, statements, result));
    if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('the reader gave no result');
    // The rows are what the statements select, which is Row by the builder's types.
    return outcome.ok as readonly StatementResult<Row>[];
  }

  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>> {
    // One result a statement, in order; each row type is the statement's by construction.
    return this.#writes.write(unit) as unknown as Promise<UnitResult<S>>;
  }

  withTables<More>(): Database<Schema & More> {
    // Tables exist in the file, not in this object: only the view of the types widens.
    return this as unknown as Database<Schema & More>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The last connection to close moves the log into the file, and only the writer may write there.
    if (this.#reader !== this.#writer) await this.#reader[Symbol.asyncDispose]();
    await this.#writer[Symbol.asyncDispose]();
  }
}

function outcomeOf(
  channel: WorkerChannel,
  unit: readonly Statement[],
  result: WireUnitResult | undefined,
): UnitOutcome {
  if (result === undefined) return { error: new Error('the database worker gave no result') };
  if ('ok' in result) return { ok: channel.decode(unit, result) };
  if (result.error === 'unique') return { error: new UniqueViolation(result.message) };
  if (result.error === 'full') {
    return { error: new MailProxyError('storage_full', { cause: new Error(result.message) }) };
  }
  const guard = unit[result.index]?.guard;
  return { error: guard === undefined ? new Error(result.message) : new MailProxyError(guard) };
}
