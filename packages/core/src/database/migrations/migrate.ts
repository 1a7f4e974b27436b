// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Compilable, CompiledQuery, SchemaModule } from 'kysely';
import { MailProxyError } from '../../errors.ts';
import { type Database, UniqueViolation } from '../database.ts';
import type { Statement } from '../statement.ts';
import type { Migration, MigrationList } from './migration.ts';

export interface MigrationTables {
  readonly schema_migrations: {
    readonly namespace: string;
    readonly number: number;
    readonly name: string;
    readonly min_reader: number;
    readonly applied_at: number;
  };
}

/**
 * Bring the schema up to date, one transaction a step. Safe to call from many processes at once: each step takes
 * the migration lock and writes its row first, so that whoever comes second finds it done.
 *
 * @throws {MailProxyError} `schema_too_new` when the database needs newer code than this
 */
export async function migrate(
  database: Database<unknown>,
  lists: readonly MigrationList[],
  now: number,
): Promise<readonly { readonly namespace: string; readonly number: number; readonly name: string }[]> {
  const db = database.withTables<MigrationTables>();
  await db.writeUnhurried(withLock(db, [createMigrationTable(db)]));
  const applied: { namespace: string; number: number; name: string }[] = [];
  for (const { namespace, migrations } of lists) {
    const done = await appliedNumbers(db, namespace);
    refuseNewerSchema(namespace, migrations, done);
    for (const migration of migrations) {
      if (done.some((row) => row.number === migration.number)) continue;
      if (await apply(db, namespace, migration, now)) {
        applied.push({ namespace, number: migration.number, name: migration.name });
      }
    }
  }
  return applied;
}

type Db = Database<MigrationTables>;

function createMigrationTable(db: Db): Statement {
  const { types } = db.dialect;
  return once(db, (schema) =>
    schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('namespace', types.key, (c) => c.notNull())
      .addColumn('number', types.integer, (c) => c.notNull())
      .addColumn('name', types.text, (c) => c.notNull())
      .addColumn('min_reader', types.integer, (c) => c.notNull())
      .addColumn('applied_at', types.bigint, (c) => c.notNull())
      .addPrimaryKeyConstraint('schema_migrations_pk', ['namespace', 'number']),
  );
}

async function appliedNumbers(
  db: Db,
  namespace: string,
): Promise<readonly { readonly number: number; readonly min_reader: number }[]> {
  const query = db.prepare<{ namespace: string }, { number: number; min_reader: number }>((k, p) =>
    k.selectFrom('schema_migrations').select(['number', 'min_reader']).where('namespace', '=', p.namespace),
  );
  return db.read(query.bind({ namespace }));
}

/** @throws {MailProxyError} `schema_too_new` when a step that was applied demands newer code than this */
export function refuseNewerSchema(
  namespace: string,
  migrations: readonly Migration[],
  done: readonly { readonly min_reader: number }[],
): void {
  const ours = Math.max(0, ...migrations.map((migration) => migration.number));
  const needed = Math.max(0, ...done.map((row) => row.min_reader));
  if (needed > ours) {
    throw new MailProxyError('schema_too_new', {
      detail: `the ${namespace} schema needs code that knows step ${needed}; this version knows ${ours}. Start a newer version.`,
    });
  }
}

async function apply(db: Db, namespace: string, migration: Migration, now: number): Promise<boolean> {
  const record = db.prepare<MigrationTables['schema_migrations']>((k, p) =>
    k.insertInto('schema_migrations').values({
      namespace: p.namespace,
      number: p.number,
      name: p.name,
      min_reader: p.min_reader,
      applied_at: p.applied_at,
    }),
  );
  const { number, name, minReader } = migration;
  const first = record.bind({ namespace, number, name, min_reader: minReader, applied_at: now });
  const schema = schemaOf(db);
  const steps = migration.up(schema, db.dialect.types, db.dialect.compiler).map((step) => once(db, () => step));
  try {
    await db.writeUnhurried(withLock(db, [first, ...steps]));
    return true;
  } catch (error) {
    // Another process was faster.
    if (error instanceof UniqueViolation) return false;
    throw error;
  }
}

function withLock(db: Db, statements: readonly Statement[]): readonly Statement[] {
  const lock = db.dialect.migrationLock;
  if (lock === null) return statements;
  return [db.prepare<object>((k) => compilable(lock.compile(k))).bind({}), ...statements];
}

function once(db: Db, build: (schema: SchemaModule) => Compilable): Statement {
  return db.prepare<object>(() => build(schemaOf(db))).bind({});
}

function schemaOf(db: Db): SchemaModule {
  return db.dialect.compiler.schema;
}

function compilable<Row>(query: CompiledQuery<Row>): Compilable<Row> {
  return { compile: () => query };
}
