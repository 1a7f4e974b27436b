// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import Sqlite from 'better-sqlite3';
import type { Clock, Random } from '../../src/clock.ts';
import { CommitInDoubt, UniqueViolation } from '../../src/database/database.ts';
import { sqliteDialect } from '../../src/database/dialect.ts';
import type { Statement, StatementResult } from '../../src/database/statement.ts';
import { WriteGroupingDatabase } from '../../src/database/write-grouping-database.ts';
import type { UnitOutcome } from '../../src/database/write-queue.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { MailProxyError } from '../../src/errors.ts';
import { type Life, pauseMs } from './life.case.ts';
import { pick } from './streams.case.ts';

interface Held {
  readonly pk: string;
  readonly owner: number;
  readonly instance: string;
}

/** What sessions hold that were not ended. */
const HELD = `select m.pk, m.owner_session as owner, s.instance from messages m
  join sessions s on s.number = m.owner_session where m.state = 'leased' and s.ended_at is null`;
/** What is held, whoever holds it. */
const LEASED = "select pk, owner_session as owner, '' as instance from messages where state = 'leased'";

/**
 * What is on disk, whoever lives: a real SQLite, run in this thread so that nothing but the seed decides what comes
 * first. Groups commit one after the other, as the databases' own locks see to.
 */
export class Disk implements Disposable {
  readonly #db = new Sqlite(':memory:');
  readonly #statements = new Map<string, Sqlite.Statement<unknown[]>>();
  /** Messages that somebody took out of the hands of a session that had not been ended before. */
  readonly thefts: string[] = [];
  #isMigrated = false;

  constructor() {
    this.#db.pragma('foreign_keys = ON');
  }

  /** Rows of a query, at once. */
  look<Row>(text: string): readonly Row[] {
    // The caller's query selects what the type says.
    return this.#statement(text).all() as readonly Row[];
  }

  /** @param writer instance whose writes they are */
  commit(units: readonly (readonly Statement[])[], writer: string): readonly UnitOutcome[] {
    const held = this.#hasSessions() ? this.look<Held>(HELD) : [];
    const outcomes = this.#db.transaction(() =>
      units.map((unit): UnitOutcome => {
        try {
          return { ok: this.#db.transaction(() => this.run(unit))() };
        } catch (error) {
          return { error: errorOf(error) };
        }
      }),
    )();
    if (held.length === 0) return outcomes;
    const stillHeld = new Set(this.look<Held>(LEASED).map(({ pk, owner }) => `${pk} ${owner}`));
    for (const { pk, owner, instance } of held) {
      if (instance !== writer && !stillHeld.has(`${pk} ${owner}`)) this.thefts.push(`${writer}: ${pk} of ${instance}`);
    }
    return outcomes;
  }

  run(unit: readonly Statement[]): readonly StatementResult[] {
    return unit.map(({ prepared, parameters, guard }) => {
      const statement = this.#statement(prepared.sql);
      const rows = statement.reader ? statement.all(...parameters) : [];
      const changes = statement.reader ? rows.length : statement.run(...parameters).changes;
      if (guard !== undefined && changes !== 1) throw new MailProxyError(guard);
      return { changes, rows };
    });
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /** False before the first migration. */
  #hasSessions(): boolean {
    this.#isMigrated ||= this.look("select 1 from sqlite_schema where name = 'sessions'").length > 0;
    return this.#isMigrated;
  }

  #statement(text: string): Sqlite.Statement<unknown[]> {
    const statement = this.#statements.get(text) ?? this.#db.prepare<unknown[]>(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

function errorOf(error: unknown): Error {
  if (error instanceof Sqlite.SqliteError && /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(error.code)) {
    return new UniqueViolation(error.message);
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** What goes wrong with a commit; kept and not answered is what a connection makes of it that breaks at that moment. */
type Fault = 'refused' | 'unanswered' | 'dies before' | 'dies after' | 'sleeps before' | 'sleeps after';

const FAULTS: readonly Fault[] = [
  'refused',
  'unanswered',
  'dies before',
  'dies after',
  'sleeps before',
  'sleeps after',
];
/** Of a commit that hands a message over or settles one, and of any other. */
const CHANCES = { ofMessages: 0.08, ofOthers: 0.006 };

/** One process's connection to the disk. Several processes may have it open, as with PostgreSQL. */
export class LifeDatabase extends WriteGroupingDatabase<CoreSchema> {
  override readonly channel = null;

  override joining(): never {
    throw new Error('nobody joins a transaction here');
  }

  override async room(): Promise<null> {
    return null;
  }

  override copyTo(): never {
    throw new Error('nobody copies it here');
  }
  readonly #disk: Disk;
  readonly #life: Life;
  readonly #outside: Clock;
  readonly #random: Random;
  /** Whether commits fail by chance. */
  readonly #isFickle: () => boolean;

  constructor(disk: Disk, life: Life, parts: { outside: Clock; random: Random; isFickle: () => boolean }) {
    super({ ...sqliteDialect, isExclusive: false });
    this.#disk = disk;
    this.#life = life;
    this.#outside = parts.outside;
    this.#random = parts.random;
    this.#isFickle = parts.isFickle;
  }

  override async readAll<Row>(statements: readonly Statement<Row>[]): Promise<readonly StatementResult<Row>[]> {
    if (this.#random() < 0.2) await this.#outside.sleep(1);
    const results = this.#disk.run(statements);
    await this.#life.arrival();
    // The rows are what the statements select, which is Row by the builder's types.
    return results as readonly StatementResult<Row>[];
  }

  protected override async commit(units: readonly (readonly Statement[])[]): Promise<readonly UnitOutcome[]> {
    await this.#outside.sleep(pick(this.#random, [0, 0, 1, 2, 5]));
    const fault = this.#isFickle() ? this.#fault(units) : null;
    if (fault === 'dies before') this.#life.die();
    if (fault === 'dies before' || fault === 'refused') return this.#refuse();
    if (fault === 'sleeps before') {
      // It is on its way, and as long as the process sleeps nobody writes it.
      this.#life.pause(pauseMs(this.#random));
      await this.#life.arrival();
    }
    const outcomes = this.#disk.commit(units, this.#life.name);
    if (fault === 'dies after') this.#life.die();
    if (fault === 'sleeps after') this.#life.pause(pauseMs(this.#random));
    await this.#outside.sleep(pick(this.#random, [0, 0, 1, 2, 5]));
    await this.#life.arrival();
    return fault === 'unanswered' ? outcomes.map(inDoubt) : outcomes;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The disk outlives every process.
  }

  async #refuse(): Promise<never> {
    await this.#life.arrival();
    throw new MailProxyError('database_unavailable');
  }

  #fault(units: readonly (readonly Statement[])[]): Fault | null {
    const isOfMessages = units.some((unit) =>
      unit.some(({ prepared }) => prepared.sql.startsWith('update "messages"')),
    );
    const chance = isOfMessages ? CHANCES.ofMessages : CHANCES.ofOthers;
    return this.#random() < chance ? pick(this.#random, FAULTS) : null;
  }
}

/** As it looks to who lost the answer to a commit that happened. */
function inDoubt(outcome: UnitOutcome): UnitOutcome {
  if (!('ok' in outcome)) return outcome;
  return { error: new CommitInDoubt(outcome.ok, new MailProxyError('database_unavailable')) };
}
