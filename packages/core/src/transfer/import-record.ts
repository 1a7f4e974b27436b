// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// How far an import is, kept in the database that is being filled: a row for each table. While the record is there the
// database holds half an archive, and no server may start on it.
import { sql } from 'kysely';
import { readTableNames } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { prepareRaw, rawStatement } from '../database/raw.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import { MailProxyError } from '../errors.ts';

const RECORD = 'import_progress';

/** An import that began and did not end. */
export interface ImportRecord {
  /** Digest of the archive's manifest. */
  readonly archive: string;
  /** Rows that are in, by table. */
  readonly done: ReadonlyMap<string, number>;
}

/** @throws {MailProxyError} `import_unfinished` for a database that holds half an archive */
export async function refuseUnfinishedImport(db: Database<unknown>): Promise<void> {
  if (!(await readTableNames(db)).has(RECORD)) return;
  throw new MailProxyError('import_unfinished', {
    detail: 'an import into this database did not come to its end. Go on with: mail-proxy import --resume <folder>',
  });
}

export async function readImportRecord(db: Database<unknown>): Promise<ImportRecord | null> {
  if (!(await readTableNames(db)).has(RECORD)) return null;
  const query = sql<{
    archive: string;
    table_name: string;
    done: number;
  }>`select archive, table_name, done from ${sql.table(RECORD)}`;
  const rows = await db.read(rawStatement(db, query));
  return { archive: rows[0]?.archive ?? '', done: new Map(rows.map((row) => [row.table_name, row.done])) };
}

/** Begin the record of an import, in one unit. */
export function beginStatements(
  db: Database<unknown>,
  archive: string,
  tables: readonly string[],
): readonly Statement[] {
  const { compiler, types } = db.dialect;
  const create = db.prepare<object>(() =>
    compiler.schema
      .createTable(RECORD)
      .addColumn('table_name', types.key, (c) => c.primaryKey())
      .addColumn('archive', types.text, (c) => c.notNull())
      .addColumn('done', types.bigint, (c) => c.notNull()),
  );
  const insert = prepareRaw<{ table: string; archive: string }>(
    db,
    (p) => sql`insert into ${sql.table(RECORD)} (table_name, archive, done) values (${p.table}, ${p.archive}, 0)`,
  );
  return [create.bind({}), ...tables.map((table) => insert.bind({ table, archive }))];
}

export interface Step {
  readonly table: string;
  readonly from: number;
  readonly to: number;
}

/** Moves the record on, together with the rows it speaks of. Of two imports at once, the second one fails here. */
export function prepareStep(db: Database<unknown>): (step: Step) => Statement {
  const update = prepareRaw<{ table: string; from: number; to: number }>(
    db,
    (p) => sql`update ${sql.table(RECORD)} set done = ${p.to} where table_name = ${p.table} and done = ${p.from}`,
  );
  return (step) => exactlyOne(update.bind({ ...step }), 'conflict');
}

export function endStatements(db: Database<unknown>): readonly Statement[] {
  return [rawStatement(db, sql`drop table ${sql.table(RECORD)}`)];
}
