// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PostgresClient } from '../config/postgres-pool.ts';
import { MailProxyError } from '../errors.ts';
import type { Dialect } from './dialect.ts';
import type { PeerChannel } from './peer-channel.ts';
import type { Build, Prepared, Statement, StatementResult, UnitResult } from './statement.ts';

/** Counts since the database was opened, for metrics and the bench. */
export interface DatabaseStats {
  /** Write transactions committed; each is one fsync. */
  readonly commits: number;
  /** Units inside them. */
  readonly units: number;
}

/** Whether the last group of writes was committed; `full`: for something in it there was no room. */
export type WriteState = 'taken' | 'full' | 'failing';

/** Where a database of this machine lies. */
export interface DatabaseRoom {
  /** Whether its file is still the one that was opened: one that was removed is written until it is closed, and then gone. */
  readonly isThere: boolean;
  /** Bytes that are free on its disk. */
  readonly freeBytes: number;
}

/** A copy that is being made; who disposes of it before its end leaves half a file. */
export interface DatabaseCopy extends AsyncDisposable {
  /** How large it will be. */
  readonly bytes: number;
  /** Resolves once it is whole. */
  readonly finished: Promise<void>;
}

/** What units are written with. */
export interface UnitWriter {
  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>>;
}

/**
 * The store as the rest of the engine sees it. There is no interactive transaction: a write is a *unit*, a closed
 * list of statements that succeeds or fails as a whole. All units that wait at one moment share one transaction
 * and its fsync; a failing unit harms no neighbour.
 *
 * @typeParam Schema tables as Kysely types them
 */
export interface Database<Schema> extends UnitWriter, AsyncDisposable {
  readonly dialect: Dialect;
  readonly stats: DatabaseStats;
  /** To other processes that have the database open; null where there can be none. */
  readonly channel: PeerChannel | null;
  /** What became of the last group of writes. */
  readonly writeState: WriteState;
  /** Tell `listener` how many units each commit had, from now on; one listener at most. */
  onCommit(listener: (units: number) => void): void;
  /** Compile a query once, at start. Values of `input` become parameters. */
  prepare<Input, Row = unknown>(build: Build<Schema, Input, Row>): Prepared<Input, Row>;
  /** Run one query outside the write transactions; it sees what is committed. */
  read<Row>(statement: Statement<Row>): Promise<readonly Row[]>;
  /** Run several queries in one round trip, not necessarily in one snapshot. */
  readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]>;
  /**
   * Resolves once the unit is committed and synced. Units written in the same turn of the event loop commit together,
   * in their order.
   *
   * @throws {MailProxyError} the code of the first guard that failed; `database_unavailable` or `storage_full` when
   * nothing of the group was kept
   * @throws {CommitInDoubt} all of the group was kept, or nothing
   * @throws {UniqueViolation} a unique index refused a row
   */
  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>>;
  /**
   * The same for a unit whose statements are made when the writer takes it, so that what comes until then can be part
   * of it. It has its place among other units from the call on.
   */
  writeLate(make: () => readonly Statement[]): Promise<readonly StatementResult[]>;
  /** Run one unit, however long it takes: a migration. Otherwise as {@link write}. */
  writeUnhurried(unit: readonly Statement[]): Promise<void>;
  /**
   * Let `work` write its units in the transaction that the caller began on `client`. When it throws, nothing of it is
   * left there.
   *
   * @throws {MailProxyError} `unsupported` on SQLite
   */
  joining<T>(client: PostgresClient, work: (writer: UnitWriter) => Promise<T>): Promise<T>;
  /** Look where it lies; null where it is no file of this machine. */
  room(): Promise<DatabaseRoom | null>;
  /**
   * Copy what is committed now into a new file, while others go on reading and writing.
   *
   * @returns once the moment of the copy is settled
   * @throws {MailProxyError} `unsupported` where the database is no file, `storage_full`, `database_unavailable`
   */
  copyTo(path: string): Promise<DatabaseCopy>;
  /** The same database, seen with more tables: those that a mixin migrated. */
  withTables<More>(): Database<Schema & More>;
}

/**
 * The connection broke after a commit was asked for and before it was answered. Nobody can be asked how it ended, but
 * what the unit wrote tells: write it again with the same keys, or look for it after its rows could be locked.
 */
export class CommitInDoubt extends MailProxyError {
  /** What the unit's statements answered; true if the commit happened. */
  readonly results: readonly StatementResult[];

  constructor(results: readonly StatementResult[], cause: MailProxyError) {
    super('database_unavailable', {
      detail: `a commit may have happened or not: ${cause.message}`,
      cause,
    });
    this.results = results;
  }
}

/** Somebody else holds a row that the unit needs, for longer than is waited for; the unit was undone. */
export class RowsLocked extends MailProxyError {
  constructor(cause: Error) {
    super('database_unavailable', { detail: `the database does not answer: ${cause.message}`, cause });
  }
}

/** A unique or primary key refused a row; the unit was undone. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation';
}
