// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readCatalog, type TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { readAppliedSteps } from '../database/migrations/applied.ts';
import { migrate } from '../database/migrations/migrate.ts';
import type { MigrationList } from '../database/migrations/migration.ts';
import { MailProxyError } from '../errors.ts';
import { damaged } from './archive-errors.ts';
import { beginStatements, readImportRecord, refuseUnfinishedImport } from './import-record.ts';
import { archivedColumns, type Manifest, type ReadManifest } from './manifest.ts';
import { findOwnTables, listsAsApplied, namesOfTables } from './own-tables.ts';
import { countRows } from './read-rows.ts';

export interface TargetParts {
  readonly database: Database<unknown>;
  /** All that this installation knows, core's first. */
  readonly lists: readonly MigrationList[];
  readonly now: number;
}

/** A database that an archive is on its way into. */
export interface Target {
  /** In the archive's order. */
  readonly tables: readonly TableShape[];
  /** Rows that are in already, by table. */
  readonly done: ReadonlyMap<string, number>;
}

/**
 * Give an empty database the tables of the archive, in the version that the archive has, and begin the record of the
 * import. From here on no server starts on it.
 *
 * @throws {MailProxyError} `target_not_empty`, `import_unfinished`, `schema_too_new`, `mixin_required`, `archive_damaged`
 */
export async function beginImport(parts: TargetParts, { manifest, digest }: ReadManifest): Promise<Target> {
  const { database, lists, now } = parts;
  const steps = listsAsApplied(lists, manifest.schema, 'the archive');
  await refuseUnfinishedImport(database);
  await refuseFilled(parts, manifest);
  await migrate(database, steps, now);
  const tables = await tablesOf(database, steps, manifest);
  const names = tables.map(({ name }) => name);
  await database.write(beginStatements(database, digest, names));
  return { tables, done: new Map() };
}

/**
 * Go on with an import that did not come to its end.
 *
 * @throws {MailProxyError} `conflict` when there is none, or it was of another archive
 */
export async function resumeImport(parts: TargetParts, { manifest, digest }: ReadManifest): Promise<Target> {
  const { database, lists } = parts;
  const record = await readImportRecord(database);
  if (record === null) {
    throw new MailProxyError('conflict', {
      detail: 'there is no import to go on with: it never began, or it is complete. To begin, leave --resume out.',
    });
  }
  if (record.archive !== digest) {
    throw new MailProxyError('conflict', { detail: 'the import that began here was of another archive' });
  }
  const steps = listsAsApplied(lists, manifest.schema, 'the archive');
  return { tables: await tablesOf(database, steps, manifest), done: record.done };
}

/** Looked at before anything is changed: a database in use stays as it is. */
async function refuseFilled({ database, lists }: TargetParts, { schema }: Manifest): Promise<void> {
  const applied = await readAppliedSteps(database);
  if (applied.length === 0) return;
  const { tables } = await findOwnTables(database, lists);
  for (const { name } of tables) {
    const rows = await countRows(database, name);
    if (rows > 0) throw notEmpty(`its table ${name} has ${rows} rows`);
  }
  const beyond = applied.find(
    ({ namespace, number }) => !schema.some((step) => step.namespace === namespace && step.number === number),
  );
  if (beyond !== undefined)
    throw notEmpty(`it has step ${beyond.number} of ${beyond.namespace}, and the archive is older`);
}

function notEmpty(why: string): MailProxyError {
  return new MailProxyError('target_not_empty', {
    detail: `the database is not empty: ${why}. Import into a new one, on which no server was started yet.`,
  });
}

/** The tables that the steps made, which must be those of the archive, column by column. */
async function tablesOf(
  database: Database<unknown>,
  steps: readonly MigrationList[],
  manifest: Manifest,
): Promise<readonly TableShape[]> {
  const names = await namesOfTables(steps);
  const catalog = await readCatalog(database, names);
  const missing = [...names].filter((name) => manifest.tables.every((table) => table.name !== name));
  if (missing.length > 0) throw damaged(`it lacks the tables ${missing.join(', ')}`);
  return manifest.tables.map((archived) => {
    const made = catalog.get(archived.name);
    if (made === undefined) throw damaged(`it holds a table ${archived.name} that its schema does not have`);
    const byName = new Map(archivedColumns(made).map((column) => [column.name, column.kind]));
    const isSame =
      byName.size === archived.columns.length &&
      archived.columns.every(({ name, kind }) => byName.get(name) === kind) &&
      archived.key.join() === made.key.join();
    if (!isSame) throw damaged(`its table ${archived.name} has other columns than its schema`);
    // Lines hold their values in the archive's order.
    return { ...made, columns: archived.columns };
  });
}
