// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdir, readdir } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import type { MigrationList } from '../database/migrations/migration.ts';
import { MailProxyError } from '../errors.ts';
import { folderError } from './archive-errors.ts';
import { canonicalRow } from './canonical-row.ts';
import { readCounter } from './counters.ts';
import { refuseUnfinishedImport } from './import-record.ts';
import { refuseLiveSessions } from './live-sessions.ts';
import { type ArchivedTable, archivedColumns, type Manifest, newManifest, writeManifest } from './manifest.ts';
import { findOwnTables } from './own-tables.ts';
import { type OnProgress, PhaseProgress } from './progress.ts';
import { countRows, readRows } from './read-rows.ts';
import { SealedValueCount } from './sealed-values.ts';
import { writeTableFile } from './table-file.ts';

export interface ExportParts {
  readonly database: Database<unknown>;
  /** All that this installation knows, core's first. */
  readonly lists: readonly MigrationList[];
  readonly clock: Clock;
  /** A session without a heartbeat for this long is dead. */
  readonly leaseMs: number;
  /** Of the program, for the manifest. */
  readonly version: string;
  readonly onProgress: OnProgress;
}

export interface ExportTarget {
  /** New, or empty. */
  readonly folder: string;
  readonly compression: Manifest['compression'];
}

export interface ExportResult {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Names this archive and no other. */
  readonly digest: string;
}

/**
 * Write all that a database holds into a folder: a file of lines for each table, and a manifest with their hashes.
 * Nobody may write to the database meanwhile; whether somebody did is looked at before and after.
 *
 * @throws {MailProxyError} `database_locked` while a server works on it, `target_not_empty` for a folder with anything
 * in it, `import_unfinished` for a database that holds half an archive, `storage_full`, and as {@link findOwnTables}
 */
export async function exportArchive(parts: ExportParts, { folder, compression }: ExportTarget): Promise<ExportResult> {
  const { database, lists, clock, leaseMs, version, onProgress } = parts;
  const { steps, tables } = await findOwnTables(database, lists);
  await refuseUnfinishedImport(database);
  const sessions = await refuseLiveSessions(database, { now: clock.now(), leaseMs });
  await makeFolder(folder);
  const counts = await countAll(database, tables);
  const total = [...counts.values()].reduce((sum, rows) => sum + rows, 0);
  const progress = new PhaseProgress('export', total, onProgress);
  const sealed = new SealedValueCount();
  const archived: ArchivedTable[] = [];
  for (const table of tables) {
    archived.push(await exportTable(parts, table, { folder, compression, sealed, onRows: progress.of(table.name) }));
  }
  const isQuiet = (await refuseLiveSessions(database, { now: clock.now(), leaseMs })) === sessions;
  const after = await countAll(database, tables);
  if (!isQuiet || archived.some(({ name, rows }) => rows !== counts.get(name) || rows !== after.get(name))) {
    throw new MailProxyError('database_locked', {
      detail: 'somebody wrote to the database during the export. Stop all servers, delete the folder and export again.',
    });
  }
  const manifest = newManifest({
    version,
    created_at: new Date(clock.now()).toISOString(),
    compression,
    schema: steps.map(({ namespace, number, name, min_reader }) => ({ namespace, number, name, min_reader })),
    sealed: [...sealed.counts],
    tables: archived,
  });
  return { folder, manifest, digest: await writeManifest(folder, manifest) };
}

interface TableExport extends ExportTarget {
  readonly sealed: SealedValueCount;
  readonly onRows: (rows: number) => void;
}

async function exportTable(
  { database }: ExportParts,
  table: TableShape,
  { folder, compression, sealed, onRows }: TableExport,
): Promise<ArchivedTable> {
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const rows of readRows(database, table)) {
      for (const row of rows) sealed.look(table, row);
      yield rows.map((row) => `${canonicalRow(table, row)}\n`).join('');
      count += rows.length;
      onRows(rows.length);
    }
  }
  const sha256 = await writeTableFile({ folder, table: table.name, compression }, lines());
  return {
    name: table.name,
    columns: archivedColumns(table),
    key: [...table.key],
    rows: count,
    sha256,
    counter: await readCounter(database, table),
  };
}

async function countAll(db: Database<unknown>, tables: readonly TableShape[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { name } of tables) counts.set(name, await countRows(db, name));
  return counts;
}

/** For this user only: it holds mail and sealed credentials. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    throw folderError(folder, error);
  }
  throw new MailProxyError('target_not_empty', {
    detail: `the folder ${folder} is not empty. Name another; what is left of an export that did not end may be deleted.`,
  });
}
