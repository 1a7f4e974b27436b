// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { readTableNames } from '../catalog.ts';
import type { Database } from '../database.ts';
import { rawStatement } from '../raw.ts';

/** A step that a database has behind it. */
export interface AppliedStep {
  readonly namespace: string;
  readonly number: number;
  readonly name: string;
  readonly min_reader: number;
}

/** Every step of every owner, those unknown to this version too; none where nothing was ever migrated. */
export async function readAppliedSteps(database: Database<unknown>): Promise<readonly AppliedStep[]> {
  const tables = await readTableNames(database);
  if (!tables.has('schema_migrations')) return [];
  const select = sql<AppliedStep>`select namespace, number, name, min_reader from ${sql.table('schema_migrations')} order by namespace, number`;
  return database.read(rawStatement(database, select));
}
