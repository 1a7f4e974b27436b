// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, startPostgres, tempDir } from '@mail-proxy/testkit';
import type { TestProject } from 'vitest/node';
import { CORE_MIGRATIONS } from '../packages/core/src/database/migrations/index.ts';
import { migrate } from '../packages/core/src/database/migrations/migrate.ts';
import { openDatabase } from '../packages/core/src/database/open.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server where a test file may make its own database; undefined when there is none. */
    pgUrl: string | undefined;
    /** A database of that server with the tables of the core, to be copied: a tenth of the time of migrating. */
    pgMigrated: string | undefined;
    /** Why there is none: the reason for skipping. '' when there is one. */
    pgSkip: string;
    /** A file of SQLite with the tables of the core, to be copied: a test that migrates one spends a quarter of its time. */
    sqliteMigrated: string;
  }
}

/**
 * One PostgreSQL for the whole run, with one database that is migrated already, and one folder in which Node keeps
 * what it has compiled.
 *
 * GMP_TEST_DATABASE_URL names an outside server to use instead. Where PostgreSQL cannot start, its tests are skipped
 * with the reason; under CI=true or GMP_REQUIRE_PG=1 the run fails.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shareCompiled();
  await using resources = new AsyncDisposableStack();
  const { url, skip } = await findServer(resources);
  project.provide('pgUrl', url);
  project.provide('pgSkip', skip);
  project.provide('pgMigrated', url === undefined ? undefined : await migrateOnce(resources, url));
  project.provide('sqliteMigrated', await migrateFile(resources));
  const lasting = resources.move();
  return () => lasting.disposeAsync();
}

/** A process of ours that starts from its sources takes 0.9 s of a processor instead of 1.5 once they are compiled. */
function shareCompiled(): void {
  const folder = mkdtempSync(join(tmpdir(), 'mail-proxy-compiled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.env['NODE_COMPILE_CACHE'] = folder;
}

interface Server {
  readonly url: string | undefined;
  readonly skip: string;
}

async function findServer(resources: AsyncDisposableStack): Promise<Server> {
  const outside = process.env['GMP_TEST_DATABASE_URL'];
  if (outside) return { url: outside, skip: '' };
  try {
    const postgres = resources.use(await startPostgres());
    console.log(`The tests run on PostgreSQL ${postgres.version}`);
    return { url: postgres.url, skip: '' };
  } catch (error) {
    if (isRequired()) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`Tests on PostgreSQL are skipped: ${reason}`);
    return { url: undefined, skip: `PostgreSQL does not start: ${reason}` };
  }
}

async function migrateOnce(resources: AsyncDisposableStack, server: string): Promise<string> {
  const made = resources.use(await createDatabase(server));
  await migrateIn(made.url);
  return made.name;
}

async function migrateFile(resources: AsyncDisposableStack): Promise<string> {
  const file = resources.use(tempDir()).file('migrated.db');
  await migrateIn(file);
  return file;
}

async function migrateIn(url: string): Promise<void> {
  await using database = await openDatabase(url);
  await migrate(database, [CORE_MIGRATIONS], 0);
}

function isRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['GMP_REQUIRE_PG'] === '1';
}
