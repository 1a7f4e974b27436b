// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// One thread, one connection. The writer runs each group of units in one transaction, the reader only reads.
import { parentPort, workerData } from 'node:worker_threads';
import SqliteDatabase from 'better-sqlite3';
import { holdLock } from './hold-lock.ts';
import { addLargeValues } from './large-values.ts';
import { OpenedFile } from './opened-file.ts';
import type {
  WireErrorKind,
  WireRequest,
  WireResponse,
  WireResult,
  WireStatement,
  WireUnitResult,
  WorkerSettings,
} from './wire.ts';

interface CompiledStatement {
  readonly statement: SqliteDatabase.Statement<unknown[], unknown[]>;
  readonly returnsRows: boolean;
}

class GuardFailed extends Error {
  readonly index: number;
  constructor(index: number) {
    super('a guarded statement did not touch exactly one row');
    this.index = index;
  }
}

/**
 * Pages that a thread keeps; what it finds no more is in the cache of the system. The writer looks through its table of
 * them at each commit: with 64 MiB writing an outcome costs a third more. What the reader keeps is void after each commit.
 */
const CACHE_KIB = { writer: 16_384, reader: 4_096 };

if (parentPort === null) throw new Error('this file is a worker of the SQLite database');
const port = parentPort;
// The parent starts this worker with WorkerSettings and nothing else.
const settings = workerData as WorkerSettings;
const sources = new Map<number, string>();
const compiled = new Map<number, CompiledStatement>();
let newColumns: [number, string[]][] = [];

/** Codes of SQLite, and their beginnings, of a file that cannot be read or written as it should. */
const AWAY = /^SQLITE_(IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|BUSY|PROTOCOL|NOMEM)/;
/** Of them, those that one statement may meet again and again while all others go well: a damaged page, a value too large. */
const OWN = /^SQLITE_(CORRUPT|NOTADB|NOMEM)/;

const STATISTICS = `
  select name from sqlite_schema where name in ('sqlite_stat1', 'sqlite_stat4')
    and exists (select 1 from sqlite_schema where name = 'schema_migrations')`;

const db = open();
const file = settings.path === ':memory:' ? null : new OpenedFile(settings.path);
const begin = db.prepare('begin immediate');
const commit = db.prepare('commit');
const rollback = db.prepare('rollback');
const savepoint = db.prepare('savepoint unit');
const release = db.prepare('release unit');
const undo = db.prepare('rollback to unit');

function open(): SqliteDatabase.Database {
  try {
    if (settings.role === 'writer' && settings.path !== ':memory:') {
      const lock = holdLock(settings.path);
      process.once('exit', () => lock[Symbol.dispose]());
    }
    const connection = new SqliteDatabase(settings.path, { readonly: settings.role === 'reader' });
    connection.pragma('busy_timeout = 5000');
    if (settings.role === 'writer') {
      connection.pragma('journal_mode = WAL');
      // FULL: a commit is answered only after its fsync. NORMAL may lose the last commits in a power cut.
      connection.pragma('synchronous = FULL');
      connection.pragma('foreign_keys = ON');
      forgetStatistics(connection);
    }
    connection.pragma(`cache_size = -${CACHE_KIB[settings.role]}`);
    connection.pragma('temp_store = MEMORY');
    reply({ kind: 'opened' });
    return connection;
  } catch (error) {
    const locked = error instanceof SqliteDatabase.SqliteError && error.code === 'SQLITE_BUSY';
    reply({ kind: 'refused', error: locked ? 'locked' : 'other', message: messageOf(error) });
    process.exit(1);
  }
}

/**
 * What a tool's ANALYZE left of one moment would lead SQLite past the indexes that the statements are written for. A file
 * that is not ours keeps it.
 */
function forgetStatistics(connection: SqliteDatabase.Database): void {
  const names = connection.prepare(STATISTICS).pluck().all();
  for (const name of names) connection.exec(`drop table ${name}`);
  // They are in memory as well.
  if (names.length > 0) connection.exec('analyze sqlite_schema');
}

function reply(response: WireResponse): void {
  port.postMessage(response, response.kind === 'done' ? largeValuesOf(response.units) : []);
}

/** Each stands in one row, and nobody here looks at it again. */
function largeValuesOf(units: readonly WireUnitResult[]): ArrayBuffer[] {
  const found: ArrayBuffer[] = [];
  for (const unit of units) {
    if (!('ok' in unit)) continue;
    for (const [, rows] of unit.ok) for (const row of rows) addLargeValues(row, found);
  }
  return found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function statementOf(id: number): CompiledStatement {
  const known = compiled.get(id);
  if (known !== undefined) return known;
  const source = sources.get(id);
  if (source === undefined) throw new Error(`statement ${id} was never defined`);
  const statement = db.prepare<unknown[], unknown[]>(source);
  const entry = { statement, returnsRows: statement.reader };
  if (entry.returnsRows) {
    statement.raw(true);
    newColumns.push([id, statement.columns().map((column) => column.name)]);
  }
  compiled.set(id, entry);
  return entry;
}

function run(unit: readonly WireStatement[]): WireResult[] {
  return unit.map(([id, parameters, guarded], index) => {
    const { statement, returnsRows } = statementOf(id);
    let result: WireResult;
    if (returnsRows) {
      const rows = statement.all(parameters);
      // Rows of raw(true) hold what SQLite has: numbers, text, null and blobs.
      result = [rows.length, rows as WireResult[1]];
    } else {
      result = [statement.run(parameters).changes, []];
    }
    if (guarded === 1 && result[0] !== 1) throw new GuardFailed(index);
    return result;
  });
}

function kindOf(error: unknown): WireErrorKind {
  if (error instanceof GuardFailed) return 'guard';
  if (!(error instanceof SqliteDatabase.SqliteError)) return 'other';
  if (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'unique';
  if (error.code === 'SQLITE_FULL') return 'full';
  return AWAY.test(error.code) ? 'away' : 'other';
}

function failure(error: unknown): WireUnitResult {
  const index = error instanceof GuardFailed ? error.index : -1;
  const isOwn = error instanceof SqliteDatabase.SqliteError && OWN.test(error.code);
  return { error: isOwn ? 'other' : kindOf(error), index, message: messageOf(error) };
}

function runReads(units: WireRequest['units']): WireUnitResult[] {
  return units.map((unit) => {
    try {
      return { ok: run(unit) };
    } catch (error) {
      return failure(error);
    }
  });
}

function runGroup(units: WireRequest['units']): WireUnitResult[] {
  if (file?.isThere() === false) throw new Error('the file of the database was removed or replaced');
  begin.run();
  const results = units.map((unit): WireUnitResult => {
    // A full disk or an I/O error may have ended the whole transaction already; what follows must not run outside it.
    if (!db.inTransaction) throw new Error('the transaction was rolled back by SQLite');
    savepoint.run();
    try {
      const ok = run(unit);
      release.run();
      return { ok };
    } catch (error) {
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      return failure(error);
    }
  });
  commit.run();
  return results;
}

port.on('message', (request: WireRequest | 'close') => {
  if (request === 'close') {
    db.close();
    process.exit(0);
  }
  for (const [id, source] of request.define) sources.set(id, source);
  newColumns = [];
  try {
    const units = settings.role === 'writer' ? runGroup(request.units) : runReads(request.units);
    reply({ kind: 'done', columns: newColumns, units });
  } catch (error) {
    if (db.inTransaction) rollback.run();
    // Column names are sent once, so those learnt in a lost group must be learnt again.
    for (const [id] of newColumns) compiled.delete(id);
    reply({ kind: 'lost', error: kindOf(error), message: messageOf(error) });
  }
});
