// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { join } from 'node:path';
import { startPostgres, tempDir } from '@mail-proxy/testkit';
import type { Database } from '../../packages/core/src/database/database.ts';
import { CORE_MIGRATIONS } from '../../packages/core/src/database/migrations/index.ts';
import { migrate } from '../../packages/core/src/database/migrations/migrate.ts';
import { openDatabase } from '../../packages/core/src/database/open.ts';
import type { CoreSchema } from '../../packages/core/src/entities/schema.ts';

/** An empty, migrated database of its own, which waits for the disk as in production. */
export interface OpenedDatabase extends AsyncDisposable {
  /** With its version. */
  readonly name: string;
  readonly database: Database<CoreSchema>;
}

export async function openSqlite(): Promise<OpenedDatabase> {
  const folder = tempDir();
  return opened('SQLite', join(folder.path, 'bench.db'), async () => folder[Symbol.dispose]());
}

/** @throws Error where PostgreSQL can't run */
export async function openPostgres(): Promise<OpenedDatabase> {
  const server = await startPostgres({ durable: true });
  return opened(`PostgreSQL ${server.version}`, server.url, () => server.stop());
}

async function opened(name: string, address: string, dispose: () => Promise<void>): Promise<OpenedDatabase> {
  const database = await openDatabase(address);
  await migrate(database, [CORE_MIGRATIONS], Date.now());
  return {
    name,
    database: database.withTables<CoreSchema>(),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await dispose();
    },
  };
}
