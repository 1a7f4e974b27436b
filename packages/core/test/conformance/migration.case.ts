// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { readAppliedSteps } from '../../src/database/migrations/applied.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import type { MigrationList } from '../../src/database/migrations/migration.ts';
import { planMigrations } from '../../src/database/migrations/plan.ts';
import { rawStatement } from '../../src/database/raw.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import type { OpenStore } from './store-world.case.ts';

interface MigrationTables {
  readonly schema_migrations: {
    readonly namespace: string;
    readonly number: number;
    readonly name: string;
    readonly min_reader: number;
    readonly applied_at: number;
  };
}

export function migrationConformance(open: OpenStore): void {
  describe('migrations', () => {
    test('migrate brings an empty database up to date, and does nothing the second time', async () => {
      const { database, dispose } = await open();
      await using _ = { [Symbol.asyncDispose]: dispose };
      const expected = CORE_MIGRATIONS.migrations.map(({ number, name }) => ({ namespace: 'core', number, name }));
      expect(await migrate(database, [CORE_MIGRATIONS], 1)).toEqual(expected);
      expect(await migrate(database, [CORE_MIGRATIONS], 2)).toEqual([]);
    });

    test('a plan names the steps and statements that migrate would run, and changes nothing', async () => {
      const { database, dispose } = await open();
      await using _ = { [Symbol.asyncDispose]: dispose };
      const plan = await planMigrations(database, [CORE_MIGRATIONS]);
      const expected = CORE_MIGRATIONS.migrations.map(({ number, name, minReader }) => ({
        namespace: 'core',
        number,
        name,
        minReader,
      }));
      expect(plan).toMatchObject(expected);
      for (const { sql } of plan) expect(sql.length).toBeGreaterThan(0);
      expect(plan[0]?.sql[0]).toMatch(/^create table (?:"\w+"\.)?"instance"/);
      expect(await readAppliedSteps(database)).toEqual([]);
      expect(await migrate(database, [CORE_MIGRATIONS], 1)).toHaveLength(expected.length);
      expect(await planMigrations(database, [CORE_MIGRATIONS])).toEqual([]);
      const known = Math.max(...CORE_MIGRATIONS.migrations.map(({ number }) => number));
      await recordStep(database, { number: known + 2, min_reader: known + 2 });
      await expect(planMigrations(database, [CORE_MIGRATIONS])).rejects.toMatchObject({ code: 'schema_too_new' });
    });

    test('a relay that is there goes on unchecked, one that older code makes after the step is checked', async () => {
      const { database, dispose } = await open();
      await using _ = { [Symbol.asyncDispose]: dispose };
      const before = CORE_MIGRATIONS.migrations.filter(({ number }) => number < 15);
      await migrate(database, [{ ...CORE_MIGRATIONS, migrations: before }], 1);
      const tables = database.withTables<CoreSchema>();
      const tenant = sql`insert into ${sql.table('tenants')} (id, created_at, updated_at) values ('default', 0, 0)
        on conflict do nothing`;
      const insert = (pk: string) =>
        rawStatement(
          database,
          sql`insert into ${sql.table('accounts')} (pk, tenant_id, id, host, port, tls, tls_insecure, is_default,
              max_connections, max_messages_per_connection, version, created_at, updated_at)
            values (${pk}, 'default', ${pk}, 'relay.example', 25, 'none', 0, 0, 1, 100, 1, 0, 0)`,
        );
      await database.write([rawStatement(database, tenant), insert('before')]);
      await migrate(database, [CORE_MIGRATIONS], 2);
      await database.write([insert('during')]);
      const checked = tables.prepare((k) => k.selectFrom('accounts').select(['pk', 'host_checked']).orderBy('pk'));
      expect(await tables.read(checked.bind({}))).toEqual([
        { pk: 'before', host_checked: 0 },
        { pk: 'during', host_checked: 1 },
      ]);
    });

    test('a step that fails leaves nothing behind and is tried again the next time', async () => {
      const { database, dispose } = await open();
      await using _ = { [Symbol.asyncDispose]: dispose };
      const list = (broken: boolean): MigrationList => ({
        namespace: 'test',
        migrations: [
          {
            number: 1,
            name: 'two-tables',
            minReader: 1,
            up: (schema, t) => [
              schema.createTable('one').addColumn('id', t.integer),
              schema.createTable(broken ? 'one' : 'two').addColumn('id', t.integer),
            ],
          },
        ],
      });
      await expect(migrate(database, [list(true)], 1)).rejects.toThrow();
      expect(await migrate(database, [list(false)], 1)).toHaveLength(1);
    });

    test('a database that needs newer code is refused, one that newer code only added to is not', async () => {
      const { database, dispose } = await open();
      await using _ = { [Symbol.asyncDispose]: dispose };
      await migrate(database, [CORE_MIGRATIONS], 1);
      const known = Math.max(...CORE_MIGRATIONS.migrations.map(({ number }) => number));
      await recordStep(database, { number: known + 1, min_reader: known });
      expect(await migrate(database, [CORE_MIGRATIONS], 2)).toEqual([]);
      await recordStep(database, { number: known + 2, min_reader: known + 2 });
      await expect(migrate(database, [CORE_MIGRATIONS], 3)).rejects.toMatchObject({ code: 'schema_too_new' });
    });
  });
}

async function recordStep(
  database: Database<unknown>,
  step: { readonly number: number; readonly min_reader: number },
): Promise<void> {
  const insert = database.withTables<MigrationTables>().prepare<{ number: number; min_reader: number }>((k, p) =>
    k.insertInto('schema_migrations').values({
      namespace: 'core',
      number: p.number,
      name: 'from-the-future',
      min_reader: p.min_reader,
      applied_at: 0,
    }),
  );
  await database.write([insert.bind(step)]);
}
