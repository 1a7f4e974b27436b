// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readCatalog, readTableNames, type TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { type AppliedStep, readAppliedSteps } from '../database/migrations/applied.ts';
import { migrate } from '../database/migrations/migrate.ts';
import type { MigrationList } from '../database/migrations/migration.ts';
import { openDatabase } from '../database/open.ts';
import { MailProxyError } from '../errors.ts';

/** The record of the steps themselves: each database has its own, the archive names the steps. */
const RECORD = 'schema_migrations';

/**
 * The steps of `lists` that `applied` names, so that a database or an archive of an older version is taken as it is.
 *
 * @throws {MailProxyError} `schema_too_new` for a step that this version does not know, `mixin_required` for a mixin
 */
export function listsAsApplied(
  lists: readonly MigrationList[],
  applied: readonly Pick<AppliedStep, 'namespace' | 'number'>[],
  whose: string,
): readonly MigrationList[] {
  for (const { namespace, number } of applied) {
    const known = lists.find((list) => list.namespace === namespace);
    if (known === undefined) {
      throw new MailProxyError('mixin_required', {
        detail: `${whose} holds tables of the mixin ${namespace}, which is not installed here. Install the edition that made it.`,
      });
    }
    if (known.migrations.every((migration) => migration.number !== number)) {
      throw new MailProxyError('schema_too_new', {
        detail: `${whose} has step ${number} of the ${namespace} schema, which this version does not know. Use a newer version.`,
      });
    }
  }
  return lists
    .map(({ namespace, migrations }) => ({
      namespace,
      migrations: migrations.filter(({ number }) =>
        applied.some((step) => step.namespace === namespace && step.number === number),
      ),
    }))
    .filter(({ migrations }) => migrations.length > 0);
}

/** Names of the tables that these steps make: found out by making them, so that no list can forget one. */
export async function namesOfTables(lists: readonly MigrationList[]): Promise<ReadonlySet<string>> {
  await using scratch = await openDatabase<unknown>(':memory:');
  await migrate(scratch, lists, 0);
  const names = new Set(await readTableNames(scratch));
  names.delete(RECORD);
  return names;
}

/** A migrated database: which steps it has behind it, and its tables, each after those that it refers to. */
export interface OwnTables {
  readonly steps: readonly AppliedStep[];
  readonly tables: readonly TableShape[];
}

/**
 * Find the tables that belong to mail-proxy and its mixins in a database, where others may have tables too.
 *
 * @throws {MailProxyError} `not_found` where none were ever made; as {@link listsAsApplied}
 */
export async function findOwnTables(database: Database<unknown>, lists: readonly MigrationList[]): Promise<OwnTables> {
  const steps = await readAppliedSteps(database);
  if (steps.length === 0) {
    throw new MailProxyError('not_found', { detail: 'the database holds nothing of mail-proxy; check its address' });
  }
  const names = await namesOfTables(listsAsApplied(lists, steps, 'the database'));
  const catalog = await readCatalog(database, names);
  const missing = [...names].filter((name) => !catalog.has(name));
  if (missing.length > 0) throw new Error(`the database lacks the tables ${missing.join(', ')} of its own steps`);
  return { steps, tables: parentsFirst([...catalog.values()]) };
}

/** By name where nothing else decides, so that the order is the same on both databases. */
export function parentsFirst(tables: readonly TableShape[]): readonly TableShape[] {
  const left = new Map(tables.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((table) => [table.name, table]));
  const ordered: TableShape[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find(({ name, references }) =>
      references.every((target) => target === name || !left.has(target)),
    );
    if (next === undefined)
      throw new Error(`the tables ${[...left.keys()].join(', ')} refer to each other in a circle`);
    left.delete(next.name);
    ordered.push(next);
  }
  return ordered;
}
