// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import * as v from 'valibot';
import { describe, expect, inject, test } from 'vitest';
import { postgresSchema } from '../../src/config/engine-config.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { storeConformance } from './store.case.ts';

const skip = inject('pgSkip');

// In a schema of its own, so that each statement has to name its tables in full. Elsewhere the tests use none.
const IN_SCHEMA = v.parse(postgresSchema, { schema: 'mail' });

storeConformance('PostgreSQL', openFresh, skip);

describe.skipIf(skip !== '')('PostgreSQL with many instances', () => {
  test('ten instances that migrate one empty database at once all succeed, and each step is applied once', async () => {
    await using made = await createDatabase(serverUrl());
    const databases = await Promise.all(Array.from({ length: 10 }, () => openDatabase(made.url, IN_SCHEMA)));
    try {
      const applied = await Promise.all(databases.map((database) => migrate(database, [CORE_MIGRATIONS], 1)));
      expect(applied.flat()).toHaveLength(CORE_MIGRATIONS.migrations.length);
    } finally {
      await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
    }
  });
});

test('a server that nobody runs is refused with database_unavailable', async () => {
  // Port 1 (tcpmux) is served nowhere.
  await expect(openDatabase('postgres://nobody@127.0.0.1:1/none')).rejects.toMatchObject({
    code: 'database_unavailable',
  });
});

function serverUrl(): string {
  const url = inject('pgUrl');
  if (url === undefined) throw new Error('there is no PostgreSQL');
  return url;
}

async function openFresh() {
  const made = await createDatabase(serverUrl());
  const database = await openDatabase(made.url, IN_SCHEMA);
  const dispose = async (): Promise<void> => {
    await database[Symbol.asyncDispose]();
    await made.drop();
  };
  return { database, connect: () => openDatabase(made.url, IN_SCHEMA), dispose };
}
