// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { rawStatement } from '../database/raw.ts';
import type { SqlValue } from '../database/statement.ts';
import { MailProxyError } from '../errors.ts';
import { damaged } from './archive-errors.ts';
import { parseRow } from './canonical-row.ts';
import { counterStatements } from './counters.ts';
import { digestTable } from './digest-table.ts';
import { endStatements, prepareStep } from './import-record.ts';
import { prepareInsertRows } from './insert-rows.ts';
import type { Manifest } from './manifest.ts';
import type { Target } from './prepare-target.ts';
import { type OnProgress, PhaseProgress } from './progress.ts';
import { checkTableFile, fileNameOf, linesOf } from './table-file.ts';

/** Rows of one unit, and the characters of their lines: what a killed import has to do again at most. */
const MAX_ROWS = 2_000;
const MAX_CHARACTERS = 4 * 1_048_576;

/** An archive whose manifest is read. */
export interface Archive {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** @throws {MailProxyError} `archive_damaged` when a file is not as it was written */
export async function checkArchive({ folder, manifest }: Archive, onProgress: OnProgress): Promise<void> {
  const progress = new PhaseProgress('check', totalOf(manifest), onProgress);
  for (const table of manifest.tables) {
    const file = { folder, table: table.name, compression: manifest.compression };
    await checkTableFile(file, table, progress.of(table.name));
  }
}

/** Put in what is not in yet. Each unit moves the record of the import on, so that it can be stopped anywhere. */
export async function fillTarget(
  database: Database<unknown>,
  { folder, manifest }: Archive,
  { target, onProgress }: { readonly target: Target; readonly onProgress: OnProgress },
): Promise<void> {
  const progress = new PhaseProgress('import', totalOf(manifest), onProgress);
  const step = prepareStep(database);
  for (const table of target.tables) {
    const tell = progress.of(table.name);
    const insert = prepareInsertRows(database, table);
    let done = target.done.get(table.name) ?? 0;
    tell(done);
    const file = { folder, table: table.name, compression: manifest.compression };
    let writing: Promise<unknown> = Promise.resolve();
    try {
      for await (const rows of batchesOf(linesOf(file), table, { skip: done })) {
        // The next batch is read while this one is written.
        await writing;
        const to = done + rows.length;
        writing = database.write([...insert(rows), step({ table: table.name, from: done, to })]);
        // Its failure is met above or below, and until then it is nobody's.
        writing.catch(() => undefined);
        tell(rows.length);
        done = to;
      }
    } finally {
      await writing;
    }
  }
}

/**
 * Read everything again from the database, and open it to servers when it is what the archive says.
 *
 * @throws {MailProxyError} `import_unfinished` when it differs
 */
export async function finishImport(
  database: Database<unknown>,
  { manifest }: Archive,
  { target, onProgress }: { readonly target: Target; readonly onProgress: OnProgress },
): Promise<void> {
  const progress = new PhaseProgress('verify', totalOf(manifest), onProgress);
  for (const [index, table] of target.tables.entries()) {
    const expected = manifest.tables[index];
    const found = await digestTable(database, table, progress.of(table.name));
    if (found.rows === expected?.rows && found.sha256 === expected.sha256) continue;
    throw new MailProxyError('import_unfinished', {
      detail:
        `the table ${table.name} differs from the archive after the import (${found.rows} rows of ${expected?.rows}). ` +
        'Something else wrote to the database. Delete it and import into a new one.',
    });
  }
  const counters = target.tables.flatMap((table, index) =>
    counterStatements(database, table, manifest.tables[index]?.counter ?? null),
  );
  await database.write([...counters, ...endStatements(database)]);
  const { refreshStatistics } = database.dialect.catalog;
  if (refreshStatistics === null) return;
  for (const { name } of target.tables) await database.write([rawStatement(database, refreshStatistics(name))]);
}

async function* batchesOf(
  lines: AsyncIterable<string>,
  table: TableShape,
  { skip }: { readonly skip: number },
): AsyncGenerator<readonly (readonly SqlValue[])[], void, undefined> {
  let batch: (readonly SqlValue[])[] = [];
  let characters = 0;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (line <= skip) continue;
    const row = parseRow(table.columns, text);
    if (row === null)
      throw damaged(`line ${line} of ${fileNameOf({ table: table.name, compression: 'none' })} is no row of it`);
    batch.push(row);
    characters += text.length;
    if (batch.length < MAX_ROWS && characters < MAX_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}

function totalOf({ tables }: Manifest): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}
