// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { startPostgres } from './postgres.ts';
import { createDatabase } from './postgres-database.ts';

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

describe.skipIf(inject('pgSkip') !== '')('PostgreSQL for tests', () => {
  test('a fresh database is empty, is nobody else’s, and goes away', async () => {
    const server = inject('pgUrl') ?? '';
    await using one = await createDatabase(server);
    await using other = await createDatabase(server);
    await query(one.url, 'create table mail (id int)');
    expect(await query(other.url, `select to_regclass('mail') as mail`)).toEqual([{ mail: null }]);
    await using copy = await createDatabase(server, one.name);
    expect(await query(copy.url, `select to_regclass('mail')::text as mail`)).toEqual([{ mail: 'mail' }]);
    await one.drop();
    await expect(query(one.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });

  test('what was committed survives a crash of the server', async () => {
    await using server = await startPostgres();
    expect(server.version).toMatch(/^\d+\./);
    await query(server.url, 'create table mail as select 1 as id');
    await server.restart('immediate');
    expect(await query(server.url, 'select id from mail')).toEqual([{ id: 1 }]);
  });
});
