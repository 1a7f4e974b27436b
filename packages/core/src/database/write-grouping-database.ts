// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PostgresClient } from '../config/postgres-pool.ts';
import type { Database, DatabaseCopy, DatabaseRoom, DatabaseStats, UnitWriter, WriteState } from './database.ts';
import type { Dialect } from './dialect.ts';
import type { PeerChannel } from './peer-channel.ts';
import {
  type Build,
  type Prepared,
  placeholders,
  prepared,
  type Statement,
  type StatementResult,
  type UnitResult,
} from './statement.ts';
import { type UnitOutcome, WriteQueue } from './write-queue.ts';

/** What both databases share: queries compiled once, writes grouped. How a group is committed is each one's own. */
export abstract class WriteGroupingDatabase<Schema> implements Database<Schema> {
  readonly dialect: Dialect;
  abstract readonly channel: PeerChannel | null;
  readonly #writes = new WriteQueue((units) => this.commit(units));
  #nextStatement = 1;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** Run a group in one transaction; rejects when nothing of it was kept. */
  protected abstract commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]>;
  abstract readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]>;
  abstract room(): Promise<DatabaseRoom | null>;
  abstract copyTo(path: string): Promise<DatabaseCopy>;
  abstract joining<T>(client: PostgresClient, work: (writer: UnitWriter) => Promise<T>): Promise<T>;
  abstract [Symbol.asyncDispose](): Promise<void>;

  get stats(): DatabaseStats {
    return this.#writes.stats;
  }

  get writeState(): WriteState {
    return this.#writes.state;
  }

  onCommit(listener: (units: number) => void): void {
    this.#writes.onCommit = listener;
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

  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>> {
    // One result a statement, in order; each row type is the statement's by construction.
    return this.#writes.write(() => unit) as unknown as Promise<UnitResult<S>>;
  }

  writeLate(make: () => readonly Statement[]): Promise<readonly StatementResult[]> {
    return this.#writes.write(make);
  }

  async writeUnhurried(unit: readonly Statement[]): Promise<void> {
    await this.write(unit);
  }

  withTables<More>(): Database<Schema & More> {
    // Tables exist in the database, not in this object: only the view of the types widens.
    return this as unknown as Database<Schema & More>;
  }
}
