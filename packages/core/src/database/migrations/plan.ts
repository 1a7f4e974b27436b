// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database.ts';
import { readAppliedSteps } from './applied.ts';
import { refuseNewerSchema } from './migrate.ts';
import type { MigrationList } from './migration.ts';

/** A step that {@link migrate} would apply. */
export interface PlannedStep {
  readonly namespace: string;
  readonly number: number;
  readonly name: string;
  /** The oldest step whose code can still work on the database afterwards. */
  readonly minReader: number;
  /** Its statements, in their order. */
  readonly sql: readonly string[];
}

/**
 * Say what `migrate` would do, and change nothing.
 *
 * @throws {MailProxyError} `schema_too_new` when the database needs newer code than this
 */
export async function planMigrations(
  database: Database<unknown>,
  lists: readonly MigrationList[],
): Promise<readonly PlannedStep[]> {
  const applied = await readAppliedSteps(database);
  const { compiler, types } = database.dialect;
  return lists.flatMap(({ namespace, migrations }) => {
    const done = applied.filter((step) => step.namespace === namespace);
    refuseNewerSchema(namespace, migrations, done);
    return migrations
      .filter(({ number }) => done.every((step) => step.number !== number))
      .map(({ number, name, minReader, up }) => ({
        namespace,
        number,
        name,
        minReader,
        sql: up(compiler.schema, types, compiler).map((statement) => statement.compile().sql),
      }));
  });
}
