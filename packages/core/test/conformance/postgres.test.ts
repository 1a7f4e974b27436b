// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import type { CompiledQuery } from 'kysely';
import * as v from 'valibot';
import { describe, expect, inject, test } from 'vitest';
import { postgresSchema } from '../../src/config/engine-config.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Statement } from '../../src/database/statement.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { prepareSettleStatements } from '../../src/queue/settle-statements.ts';
import { storeConformance } from './store.case.ts';
import { createWorld } from './store-world.case.ts';

const skip = inject('pgSkip');

// In a schema of its own, so that each statement has to name its tables in full. Elsewhere the tests use none.
const IN_SCHEMA = v.parse(postgresSchema, { schema: 'mail' });

storeConformance('PostgreSQL', openFresh, skip);

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
  test('a claim and an outcome find messages by primary key or in the order of a lane, though all tables are empty', async () => {
    await using world = await createWorld(openFresh);
    const { database } = world;
    const units: Statement[] = [];
    const watched = new Proxy(database, {
      get(target, name) {
        if (name === 'prepare') {
          return (build: Parameters<typeof database.prepare>[0]) => {
            const prepared = database.prepare(build);
            units.push({ prepared, parameters: [] });
            return prepared;
          };
        }
        return Reflect.get(target, name, target);
      },
    });
    prepareClaim(watched);
    prepareSettleStatements(watched);
    const plans = await Promise.all(
      units.map(async ({ prepared: { sql: text } }) => {
        const count = Math.max(0, ...(text.match(/\$\d+/g) ?? []).map((name) => Number(name.slice(1))));
        // All that is read of it here is the text and the parameters; those are values of every type.
        const compiled = {
          sql: `explain (generic_plan) ${text}`,
          parameters: Array.from({ length: count }, () => '0'),
        };
        const explain = database.prepare<object, { 'QUERY PLAN': string }>(() => ({
          compile: () => compiled as unknown as CompiledQuery<{ 'QUERY PLAN': string }>,
        }));
        const [{ rows }] = await database.write([explain.bind({})]);
        return rows.map((row) => row['QUERY PLAN']);
      }),
    );
    const lines = plans.flat();
    console.log(plans[0]?.join('\n'));
    expect(lines.filter((line) => /(Seq|Bitmap Heap) Scan on messages|Hash .*Join/.test(line))).toEqual([]);
    const ways = new Set(lines.flatMap((line) => /using (messages\w+) on/.exec(line)?.[1] ?? []));
    // What is in flight counts under rate limits.
    expect(ways).toEqual(new Set(['messages_pkey', 'messages_ready', 'messages_leased']));
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
  const database = await openDatabase(made.url, { postgres: IN_SCHEMA });
  const dispose = async (): Promise<void> => {
    await database[Symbol.asyncDispose]();
    await made.drop();
  };
  return { database, connect: () => openDatabase(made.url, { postgres: IN_SCHEMA }), dispose };
}
