// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MailProxyError } from '../../errors.ts';
import { type DatabaseCopy, type DatabaseRoom, UniqueViolation } from '../database.ts';
import { sqliteDialect } from '../dialect.ts';
import type { Statement, StatementResult } from '../statement.ts';
import { WriteGroupingDatabase } from '../write-grouping-database.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { copyFile } from './copy/copy-file.ts';
import { OpenedFile } from './opened-file.ts';
import { ReadQueue } from './read-queue.ts';
import { refuseUnfinishedRestore } from './restore-places.ts';
import type { WireUnitResult } from './wire.ts';
import { WorkerChannel } from './worker-channel.ts';

/** SQLite in worker threads: one writes, one reads, so that a commit never stops the event loop. */
export class SqliteDatabase<Schema> extends WriteGroupingDatabase<Schema> {
  override readonly channel = null;
  readonly #path: string;
  readonly #file: OpenedFile | null;
  readonly #writer: WorkerChannel;
  readonly #reader: WorkerChannel;
  readonly #reads = new ReadQueue((reads) => this.#reader.send(reads));

  private constructor(path: string, writer: WorkerChannel, reader: WorkerChannel) {
    super(sqliteDialect);
    this.#path = path;
    this.#file = path === ':memory:' ? null : new OpenedFile(path);
    this.#writer = writer;
    this.#reader = reader;
  }

  /**
   * Open or create the file. `:memory:` keeps everything in memory and loses it on close; it is read and written
   * by one thread.
   *
   * @throws {MailProxyError} `database_locked` while another server has it open, `import_unfinished` where a restore was cut
   * short, `database_unavailable`
   */
  static async open<Schema>(path: string): Promise<SqliteDatabase<Schema>> {
    refuseUnfinishedRestore(path);
    const writer = await WorkerChannel.open({ path, role: 'writer' });
    if (path === ':memory:') return new SqliteDatabase(path, writer, writer);
    try {
      return new SqliteDatabase(path, writer, await WorkerChannel.open({ path, role: 'reader' }));
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Read a file that another process may have open, and that must be there. A write fails.
   *
   * @throws {MailProxyError} `database_unavailable`
   */
  static async openToRead<Schema>(path: string): Promise<SqliteDatabase<Schema>> {
    const reader = await WorkerChannel.open({ path, role: 'reader' });
    return new SqliteDatabase(path, reader, reader);
  }

  override async readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]> {
    const shared = this.#reader === this.#writer;
    const outcome: UnitOutcome = shared
      ? { ok: await this.write(statements) }
      : outcomeOf(this.#reader, statements, await this.#reads.read(statements));
    if ('error' in outcome) throw outcome.error;
    // The rows are what the statements select, which is Row by the builder's types.
    return outcome.ok as readonly StatementResult<Row>[];
  }

  protected override async commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    const results = await this.#writer.send(units);
    return units.map((unit, index) => outcomeOf(this.#writer, unit, results[index]));
  }

  override async room(): Promise<DatabaseRoom | null> {
    if (this.#file === null) return null;
    const isThere = this.#file.isThere();
    try {
      const { bavail, bsize } = await statfs(dirname(this.#path));
      return { isThere, freeBytes: bavail * bsize };
    } catch (error) {
      // Its folder is gone, too.
      if (!isThere) return { isThere, freeBytes: 0 };
      throw error;
    }
  }

  override async copyTo(path: string): Promise<DatabaseCopy> {
    if (this.#path === ':memory:') {
      throw new MailProxyError('unsupported', { detail: 'a database in memory is not backed up' });
    }
    return await copyFile({ from: this.#path, to: path });
  }

  /** The connection that writes lives in a worker, and nobody else may write while it does. */
  override async joining(): Promise<never> {
    throw new MailProxyError('unsupported', {
      detail: 'transaction: only PostgreSQL can store messages in a transaction of the caller',
    });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#reads.drained();
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
  if (result.error === 'away') {
    return { error: new MailProxyError('database_unavailable', { cause: new Error(result.message) }) };
  }
  const guard = unit[result.index]?.guard;
  return { error: guard === undefined ? new Error(result.message) : new MailProxyError(guard) };
}
