// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually } from '@mail-proxy/testkit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { addTenants, type World } from './world.case.ts';

/** What another instance does meanwhile can be held open on PostgreSQL only: SQLite has one server. */
export function instanceCases(open: () => Promise<{ readonly url: string; readonly world: World }>): void {
  const relay = { id: 'main', host: 'smtp.example.org', port: 25 };

  test('what is added to a tenant while another instance deletes it is refused as not found', async () => {
    for (const [operation, input] of [
      ['accounts.create', { ...relay, tenant_id: 'acme' }],
      ['storages.create', { name: 'files', protocol: 's3', tenant_id: 'acme' }],
      ['api-keys.create', { tenant_id: 'acme' }],
    ] as const) {
      const { url, world } = await open();
      await using _ = world;
      await addTenants(world, 'acme');
      await using other = await openTransaction(url);
      await other.run(`delete from tenants where id = 'acme'`);
      const refused = world.refused(operation, input);
      await other.untilItBlocks();
      await other.commit();
      expect(await refused).toBe('not_found');
    }
  });

  test('a tenant to which another instance is adding an account is not deleted', async () => {
    const { url, world } = await open();
    await using _ = world;
    await addTenants(world, 'acme', 'other');
    const { pk } = await world.run('accounts.create', relay, 'other');
    await using other = await openTransaction(url);
    await other.run(`update accounts set tenant_id = 'acme' where pk = '${String(pk)}'`);
    const refused = world.refused('tenants.delete', { tenant_id: 'acme' });
    await other.untilItBlocks();
    await other.commit();
    expect(await refused).toBe('in_use');
  });

  test('an account for which another instance is accepting a message is not deleted', async () => {
    const { url, world } = await open();
    await using _ = world;
    await addTenants(world, 'acme');
    const { pk } = await world.run('accounts.create', relay, 'acme');
    const { pk: spare } = await world.run('accounts.create', { ...relay, id: 'spare' }, 'acme');
    await world.addMessage({ tenantId: 'acme', accountPk: String(spare), state: 'ready' });
    await using other = await openTransaction(url);
    await other.run(`update messages set account_pk = '${String(pk)}'`);
    const refused = world.refused('accounts.delete', { account_id: 'main' }, 'acme');
    await other.untilItBlocks();
    await other.commit();
    expect(await refused).toBe('in_use');
  });
}

/** A transaction that stays open, with the locks of what it did. */
async function openTransaction(url: string) {
  const [client, watcher] = [new pg.Client(url), new pg.Client(url)];
  await Promise.all([client.connect(), watcher.connect()]);
  await client.query('begin');
  return {
    run: (statement: string) => client.query(statement),
    /** Resolves once someone waits for a lock of this transaction. */
    untilItBlocks: () =>
      eventually(async () => {
        const waiting = await watcher.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        expect(waiting.rowCount).toBe(1);
      }),
    commit: () => client.query('commit'),
    async [Symbol.asyncDispose]() {
      await Promise.all([client.end(), watcher.end()]);
    },
  };
}
