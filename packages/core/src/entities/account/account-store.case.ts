// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { CommitInDoubt } from '../../database/database.ts';
import type { Statement } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import { reachOf } from '../../operations/principal.ts';
import { createSealer } from '../../secrets/sealer.ts';
import { addTenants, type OpenWorld, START, type World } from '../world.case.ts';
import type { Account, AccountSettings } from './account.model.ts';
import { createAccountStore } from './account.store.ts';

const SETTINGS: AccountSettings = {
  host_checked: false,
  type: 'smtp',
  host: '127.0.0.1',
  port: 25,
  user: null,
  auth_method: 'auto',
  tls: 'none',
  tls_servername: null,
  tls_ca: null,
  tls_insecure: false,
  tls_min_version: null,
  tls_client_cert: null,
  ehlo_name: null,
  is_default: false,
  max_connections: 2,
  max_messages_per_connection: 50,
  weight: 1,
  limit_per_minute: null,
  limit_per_hour: null,
  limit_per_day: null,
  limit_behavior: 'defer',
  limit_unit: 'message',
  retry: null,
};
const ACME = reachOf('acme');

function add(world: World, id: string, settings: Partial<AccountSettings> = {}): Promise<Account> {
  return world.accounts.create({ pk: world.makePk(), id, tenantId: 'acme' }, { ...SETTINGS, ...settings }, START);
}

export function accountStoreCases(open: OpenWorld): void {
  test('where a tenant named the host, delivery gets what the tenant allows', async () => {
    await using world = await open();
    await world.tenants.create({ id: 'acme', allowed_hosts: ['relay.internal'] }, START);
    const { pk } = await add(world, 'main', { host_checked: true });
    expect((await world.accounts.relayRow(pk)).hostPolicy).toEqual({ allowedHosts: ['relay.internal'] });
  });

  test('delivery gets all that it needs, the secrets in clear, and what governs the tenant', async () => {
    await using world = await open();
    const rules = [{ codes: [550], verdict: 'policy', permanence: 'temporary' }] as const;
    await world.tenants.create(
      {
        id: 'acme',
        weight: 5,
        limit_per_hour: 100,
        limit_unit: 'recipient',
        refuse_over_limit: true,
        on_in_doubt: 'hold',
        retry: { max_age_seconds: 60 },
        reply_rules: rules,
      },
      START,
    );
    const { pk } = await add(world, 'main', {
      user: 'u',
      password: 'p',
      auth_method: 'xoauth2',
      oauth: { accessToken: 'tok' },
      tls_insecure: true,
      tls_servername: 'a.b',
      tls_min_version: 'TLSv1.3',
      tls_client_cert: 'cert',
      tls_client_key: 'key',
      ehlo_name: 'mail.acme.example',
      weight: 3,
      limit_per_minute: 10,
      limit_per_day: 1_000,
      limit_behavior: 'reject',
      retry: { preset: 'original' },
    });
    const relay = await world.accounts.relayRow(pk);
    const { password, oauth, tlsClientKey } = relay;
    expect({ ...relay, password, oauth, tlsClientKey }).toEqual({
      pk,
      tenantId: 'acme',
      id: 'main',
      version: 1,
      type: 'smtp',
      host: '127.0.0.1',
      port: 25,
      hostPolicy: null,
      user: 'u',
      password: 'p',
      authMethod: 'xoauth2',
      oauth: { accessToken: 'tok' },
      tls: 'none',
      tlsServername: 'a.b',
      tlsCa: null,
      tlsInsecure: true,
      tlsMinVersion: 'TLSv1.3',
      tlsClientCert: 'cert',
      tlsClientKey: 'key',
      ehloName: 'mail.acme.example',
      maxConnections: 2,
      maxMessagesPerConnection: 50,
      weight: 3,
      limits: { perMinute: 10, perHour: null, perDay: 1_000, unit: 'message' },
      limitBehavior: 'reject',
      retry: { preset: 'original' },
      tenant: {
        weight: 5,
        limits: { perMinute: null, perHour: 100, perDay: null, unit: 'recipient' },
        retry: { max_age_seconds: 60 },
        replyRules: rules,
        suspendedAt: null,
        onInDoubt: 'hold',
        refuseOverLimit: true,
        room: { maxPending: null, maxBytes: null },
        suppression: null,
      },
    });
    await expect(world.accounts.relayRow(world.makePk())).rejects.toMatchObject({ code: 'not_found' });
  });

  test('of an account and a tenant of which nothing is set delivery gets the defaults', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const unlimited = { perMinute: null, perHour: null, perDay: null, unit: 'message' };
    expect(await world.accounts.relayRow(pk)).toMatchObject({
      user: null,
      password: null,
      oauth: null,
      tlsClientKey: null,
      limits: unlimited,
      retry: null,
      tenant: {
        weight: 1,
        limits: unlimited,
        retry: null,
        replyRules: [],
        suspendedAt: null,
        onInDoubt: 'retry',
        refuseOverLimit: false,
        room: { maxPending: null, maxBytes: null },
        suppression: null,
      },
    });
  });

  test("a change of the tenant is seen in its accounts' rows at once", async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const weight = async () => (await world.accounts.relayRow(pk)).tenant.weight;
    expect(await weight()).toBe(1);
    await world.tenants.update(ACME, 'acme', { weight: 7 }, { now: START });
    expect(await weight()).toBe(7);
    await world.tenants.setSuspended(ACME, 'acme', { suspended: true, now: START });
    expect((await world.accounts.relayRow(pk)).tenant.suspendedAt).toBe(START);
  });

  test('with another key the password stays closed and the rest can be read', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main', { user: 'u', password: 'p' });
    const other = createAccountStore(world.database, createSealer(randomBytes(32)), world.time.clock);
    const relay = await other.relayRow(pk);
    expect(relay).toHaveProperty('user', 'u');
    expect(() => relay.password).toThrow(expect.objectContaining({ code: 'sealed_with_unknown_key' }));
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

  test('a sandbox gets what does not name it where it is the default, and not because there is nothing else', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const resolved = async () => (await world.accounts.resolve('acme', null))?.id ?? null;
    await add(world, 'box', { type: 'sandbox' });
    expect(await resolved()).toBeNull();
    await add(world, 'relay');
    expect(await resolved()).toBe('relay');
    await world.accounts.delete(ACME, 'relay');
    expect(await resolved()).toBeNull();
    await add(world, 'default-box', { type: 'sandbox', is_default: true });
    expect(await resolved()).toBe('default-box');
    await add(world, 'relay');
    expect(await resolved()).toBe('default-box');
  });

  test('a change is seen at once here, and elsewhere after a second, or a minute where nobody is elsewhere', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const elsewhere = createAccountStore(world.database, world.sealer, world.time.clock);
    const hosts = async () => [(await world.accounts.relayRow(pk)).host, (await elsewhere.relayRow(pk)).host];
    expect(await hosts()).toEqual(['127.0.0.1', '127.0.0.1']);
    await world.accounts.update(ACME, pk, (account) => ({ ...account, host: 'new.example' }), { now: START });
    expect((await world.accounts.relayRow(pk)).host).toBe('new.example');
    const unnoticedMs = world.database.dialect.isExclusive ? 60_000 : 1_000;
    world.time.advance(unnoticedMs - 1);
    expect(await hosts()).toEqual(['new.example', '127.0.0.1']);
    world.time.advance(1);
    expect(await hosts()).toEqual(['new.example', 'new.example']);
  });

  test('a change of which nobody knows whether it was kept is looked up', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await add(world, 'main');
    const write = async (unit: readonly Statement[]) => {
      throw new CommitInDoubt(await world.database.write(unit), new MailProxyError('database_unavailable'));
    };
    const database = new Proxy(world.database, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return name === 'write' ? write : value.bind(target);
      },
    });
    const accounts = createAccountStore(database, world.sealer, world.time.clock);
    expect((await accounts.relayRow(pk)).port).toBe(25);
    const change = accounts.update(ACME, pk, (account) => ({ ...account, port: 26 }), { now: START });
    await expect(change).rejects.toBeInstanceOf(CommitInDoubt);
    expect((await accounts.relayRow(pk)).port).toBe(26);
  });

  test('listeners are told of changes and deletions until they are disposed of', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const told: string[] = [];
    const { pk } = await add(world, 'main');
    const listening = world.accounts.onChange((changed) => told.push(changed));
    await world.accounts.update(ACME, 'main', (account) => account, { now: START });
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
      changes.map((change) =>
        world.accounts.update(ACME, 'main', (current) => ({ ...current, ...change }), { now: START }),
      ),
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
          { now: START },
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
    await expect(world.accounts.update(ACME, 'main', revise, { now: START })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await world.accounts.get(ACME, 'main')).toMatchObject({ host: '127.0.0.1' });
  });
}
