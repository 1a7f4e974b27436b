// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, type TestDatabase } from '@mail-proxy/testkit';
import type { CompiledQuery } from 'kysely';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { postgresSchema } from '../../src/config/engine-config.ts';
import type { Database } from '../../src/database/database.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Prepared } from '../../src/database/statement.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { prepareLockMessages } from '../../src/queue/lock-messages.ts';
import { prepareSettleStatements } from '../../src/queue/settle-statements.ts';
import { storeConformance } from './store.case.ts';
import { createWorld } from './store-world.case.ts';

const skip = inject('pgSkip');

// In a schema of its own, so that each statement has to name its tables in full. Elsewhere the tests use none.
const IN_SCHEMA = v.parse(postgresSchema, { schema: 'mail' });

// Copied for each test, since migrating takes ten times as long.
let migrated: TestDatabase | undefined;
beforeAll(async () => {
  if (skip !== '') return;
  migrated = await createDatabase(serverUrl());
  await using database = await openDatabase(migrated.url, { postgres: IN_SCHEMA });
  await migrate(database, [CORE_MIGRATIONS], 0);
});
afterAll(() => migrated?.drop());

storeConformance('PostgreSQL', { open: openMigrated, openEmpty, skip });

describe.skipIf(skip !== '')('PostgreSQL with many instances', () => {
  test('ten instances that migrate one empty database at once all succeed, and each step is applied once', async () => {
    await using made = await createDatabase(serverUrl());
    const databases = await Promise.all(
      Array.from({ length: 10 }, () => openDatabase(made.url, { postgres: IN_SCHEMA })),
    );
    try {
      const applied = await Promise.all(databases.map((database) => migrate(database, [CORE_MIGRATIONS], 1)));
      expect(applied.flat()).toHaveLength(CORE_MIGRATIONS.migrations.length);
    } finally {
      await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
    }
  });
});

describe.skipIf(skip !== '')('PostgreSQL with plans that it keeps', () => {
  test('a claim and an outcome go to messages by key or in the order of a lane, though all tables are empty', async () => {
    await using world = await createWorld(openMigrated);
    const { database } = world;
    const prepared: Prepared<never, unknown>[] = [];
    const watched = new Proxy(database, {
      get(target, name) {
        if (name !== 'prepare') return Reflect.get(target, name, target);
        return (build: Parameters<typeof database.prepare>[0]) => {
          const made = database.prepare(build);
          prepared.push(made);
          return made;
        };
      },
    });
    prepareClaim(watched);
    prepareSettleStatements(watched);
    prepareLockMessages(watched);
    const lines = (await Promise.all(prepared.map((statement) => planOf(database, statement)))).flat();
    expect(lines.filter((line) => /(Seq|Bitmap Heap) Scan on messages|Hash .*Join/.test(line))).toEqual([]);
    const indexes = lines.flatMap((line) => /using (messages\w+) on/.exec(line)?.[1] ?? []);
    // A claim without limits, and one under them, which looks at what is in flight.
    expect(indexes.filter((index) => index !== 'messages_pkey').toSorted()).toEqual([
      'messages_leased',
      'messages_ready',
      'messages_ready',
    ]);
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

function openEmpty() {
  return openCopy('template1');
}

function openMigrated() {
  return openCopy(migrated?.name ?? '');
}

async function openCopy(template: string) {
  const made = await createDatabase(serverUrl(), template);
  const database = await openDatabase(made.url, { postgres: IN_SCHEMA });
  const dispose = async (): Promise<void> => {
    await database[Symbol.asyncDispose]();
    await made.drop();
  };
  return { database, connect: () => openDatabase(made.url, { postgres: IN_SCHEMA }), dispose };
}

/** As the connection that writes plans it. */
async function planOf(database: Database<CoreSchema>, { sql }: Prepared<never, unknown>): Promise<readonly string[]> {
  const parameters = new Set(sql.match(/\$\d+/g));
  // All that is read of it here is the text and the parameters; '0' is a value of every type that they have.
  const compiled = { sql: `explain ${sql}`, parameters: Array.from(parameters, () => '0') };
  const explain = database.prepare<object, { 'QUERY PLAN': string }>(() => ({
    compile: () => compiled as unknown as CompiledQuery<{ 'QUERY PLAN': string }>,
  }));
  const [{ rows }] = await database.write([explain.bind({})]);
  return rows.map((row) => row['QUERY PLAN']);
}
