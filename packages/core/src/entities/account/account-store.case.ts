// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { reachOf } from '../../operations/principal.ts';
import { createSealer } from '../../secrets/sealer.ts';
import { addTenants, type OpenWorld, START, type World } from '../world.case.ts';
import type { Account, AccountSettings } from './account.model.ts';
import { createAccountStore } from './account.store.ts';

const SETTINGS: AccountSettings = {
  host: '127.0.0.1',
  port: 25,
  user: null,
  tls: 'none',
  tls_servername: null,
  tls_ca: null,
  tls_insecure: false,
  is_default: false,
  max_connections: 2,
  max_messages_per_connection: 50,
};
const ACME = reachOf('acme');

function add(world: World, id: string, settings: Partial<AccountSettings> = {}): Promise<Account> {
  return world.accounts.create({ pk: world.makePk(), id, tenantId: 'acme' }, { ...SETTINGS, ...settings }, START);
}

export function accountStoreCases(open: OpenWorld): void {
  test('delivery gets all that it needs, the password in clear', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main', { user: 'u', password: 'p', tls_insecure: true, tls_servername: 'a.b' });
    expect(await world.accounts.relayRow(pk)).toEqual({
      pk,
      tenantId: 'acme',
      id: 'main',
      version: 1,
      host: '127.0.0.1',
      port: 25,
      user: 'u',
      password: 'p',
      tls: 'none',
      tlsServername: 'a.b',
      tlsCa: null,
      tlsInsecure: true,
      maxConnections: 2,
      maxMessagesPerConnection: 50,
    });
    await expect(world.accounts.relayRow(world.makePk())).rejects.toMatchObject({ code: 'not_found' });
  });

  test('with another key the password stays closed and the rest can be read', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main', { user: 'u', password: 'p' });
    const other = createAccountStore(world.database, createSealer(randomBytes(32)), world.time.clock);
    await expect(other.relayRow(pk)).rejects.toMatchObject({ code: 'sealed_with_unknown_key' });
    expect(await other.get(ACME, 'main')).toMatchObject({ has_password: true });
  });

  test('a message finds its account by id, else the only one, else the default', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const resolved = async (id: string | null) => (await world.accounts.resolve('acme', id))?.id ?? null;
    expect(await resolved(null)).toBeNull();
    const { pk } = await add(world, 'a');
    expect(await world.accounts.resolve('acme', null)).toEqual({ pk, id: 'a' });
    expect([await resolved('a'), await resolved('b')]).toEqual(['a', null]);
    await add(world, 'b');
    expect([await resolved(null), await resolved('b')]).toEqual([null, 'b']);
    await add(world, 'c', { is_default: true });
    expect([await resolved(null), await resolved('a')]).toEqual(['c', 'a']);
    expect(await world.accounts.resolve('other', 'a')).toBeNull();
    await world.accounts.delete(ACME, 'c');
    expect([await resolved(null), await resolved('c')]).toEqual([null, null]);
  });

  test('a change is seen at once here, and after a second elsewhere', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const elsewhere = createAccountStore(world.database, world.sealer, world.time.clock);
    const hosts = async () => [(await world.accounts.relayRow(pk)).host, (await elsewhere.relayRow(pk)).host];
    expect(await hosts()).toEqual(['127.0.0.1', '127.0.0.1']);
    await world.accounts.update(ACME, pk, (account) => ({ ...account, host: 'new.example' }), START);
    expect((await world.accounts.relayRow(pk)).host).toBe('new.example');
    world.time.advance(1_000);
    expect(await hosts()).toEqual(['new.example', 'new.example']);
  });

  test('listeners are told of changes and deletions until they are disposed of', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const told: string[] = [];
    const { pk } = await add(world, 'main');
    const listening = world.accounts.onChange((changed) => told.push(changed));
    await world.accounts.update(ACME, 'main', (account) => account, START);
    await world.accounts.delete(ACME, 'main');
    expect(told).toEqual([pk, pk]);
    listening[Symbol.dispose]();
    await add(world, 'main');
    expect(told).toEqual([pk, pk]);
  });

  test('of changes made at once none is lost', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    await add(world, 'main');
    const changes: Partial<AccountSettings>[] = [{ host: 'h' }, { port: 26 }, { max_connections: 9 }];
    await Promise.all(
      changes.map((change) => world.accounts.update(ACME, 'main', (current) => ({ ...current, ...change }), START)),
    );
    expect(await world.accounts.get(ACME, 'main')).toMatchObject({
      host: 'h',
      port: 26,
      max_connections: 9,
      version: 4,
    });
  });

  test('of accounts that become the default at once, over two instances, one stays it', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const elsewhere = createAccountStore(world.database, world.sealer, world.time.clock);
    for (const id of ['a', 'b', 'c', 'd']) await add(world, id);
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((id, index) =>
        (index % 2 === 0 ? world.accounts : elsewhere).update(
          ACME,
          id,
          (current) => ({ ...current, is_default: true }),
          START,
        ),
      ),
    );
    const { items } = await world.accounts.list(ACME, { limit: 10 });
    expect(items.filter((account) => account.is_default)).toHaveLength(1);
  });

  test('an account that keeps changing under its change is left alone', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const bump = world.database.prepare<object>((k) =>
      k
        .updateTable('accounts')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('pk', '=', pk),
    );
    const revise = (current: Account): AccountSettings => {
      void world.database.write([bump.bind({})]);
      return { ...current, host: 'late.example' };
    };
    await expect(world.accounts.update(ACME, 'main', revise, START)).rejects.toMatchObject({ code: 'conflict' });
    expect(await world.accounts.get(ACME, 'main')).toMatchObject({ host: '127.0.0.1' });
  });
}
