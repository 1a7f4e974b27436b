// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createTestAuthority, createTestCertificate } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addTenants, dump, type OpenWorld, START } from '../world.case.ts';

const RELAY = { id: 'main', host: 'smtp.example.org', port: 587 };
const LOGIN = { user: 'proxy', password: 'pw-3d3d' };

const NOT_A_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

export function accountCases(open: OpenWorld): void {
  test('an account is shown with all its settings but the password', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const created = await world.run('accounts.create', { ...RELAY, ...LOGIN, is_default: true }, 'acme');
    expect(created).toEqual({
      pk: expect.stringMatching(/^[0-9a-f-]{36}$/),
      id: 'main',
      tenant_id: 'acme',
      type: 'smtp',
      host: 'smtp.example.org',
      port: 587,
      user: 'proxy',
      has_password: true,
      auth_method: 'auto',
      has_oauth: false,
      tls: 'starttls',
      tls_servername: null,
      tls_ca: null,
      tls_insecure: false,
      tls_min_version: null,
      tls_client_cert: null,
      has_tls_client_key: false,
      ehlo_name: null,
      is_default: true,
      max_connections: 10,
      max_messages_per_connection: 1_000,
      weight: 1,
      limit_per_minute: null,
      limit_per_hour: null,
      limit_per_day: null,
      limit_behavior: 'defer',
      limit_unit: 'message',
      retry: null,
      pause_kind: null,
      paused_until: null,
      pause_reason: null,
      pause_failures: 0,
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    });
    expect(await world.run('accounts.get', { account_id: 'main' }, 'acme')).toEqual(created);
    expect(await world.run('accounts.get', { account_id: created['pk'] })).toEqual(created);
    expect(await world.run('accounts.list', {}, 'acme')).toEqual({ items: [created], next: null });
    const stored = await dump(world);
    expect(stored).toContain('sealed:v1:');
    expect(stored).not.toContain(LOGIN.password);
  });

  test('without another word the port and the login decide on TLS', async () => {
    await using world = await open();
    await world.tenants.ensureDefaultTenant(START);
    const expected: readonly (readonly [tls: string, settings: object])[] = [
      ['implicit', { port: 465 }],
      ['implicit', { port: 465, ...LOGIN }],
      ['opportunistic', { port: 25 }],
      ['starttls', { port: 25, ...LOGIN }],
      ['none', { port: 465, tls: 'none' }],
    ];
    for (const [index, [tls, settings]] of expected.entries()) {
      const created = await world.run('accounts.create', { ...RELAY, id: `a${index}`, ...settings });
      expect(created).toMatchObject({ tenant_id: 'default', tls });
    }
  });

  test('a field that is wrong is named', async () => {
    await using world = await open();
    const wrong: readonly (readonly [pointer: string, settings: object])[] = [
      ['/id', { id: '' }],
      ['/host', { host: '' }],
      ['/host', { host: 'smtp example' }],
      ['/host', { host: 'smtp\u0000' }],
      ['/host', { host: 'smtps://smtp.example.org' }],
      ['/host', { host: 'h'.repeat(254) }],
      ['/port', { port: 0 }],
      ['/port', { port: 65_536 }],
      ['/port', { port: 25.5 }],
      ['/port', { port: '25' }],
      ['/user', { user: 'a\nb', password: 'x' }],
      ['/user', { password: 'x' }],
      ['/password', { user: 'x' }],
      ['/tls', { tls: 'ssl' }],
      ['/tls_servername', { tls_servername: '192.0.2.1' }],
      ['/tls_ca', { tls_ca: 'no certificate' }],
      ['/tls_ca', { tls_ca: NOT_A_CERTIFICATE }],
      ['/tls_insecure', { tls_insecure: 1 }],
      ['/max_connections', { max_connections: 0 }],
      ['/use_tls', { use_tls: true }],
    ];
    for (const [pointer, settings] of wrong) {
      expect(await world.refused('accounts.create', { ...RELAY, ...settings })).toBe(`invalid_input ${pointer}`);
    }
  });

  test('certificates are taken alone or as a bundle, but never with a private key', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const [authority, leaf] = [createTestAuthority(), createTestCertificate()];
    const bundle = `# ours\n${authority.cert}\n${leaf.cert}`;
    expect(await world.run('accounts.create', { ...RELAY, tls_ca: bundle }, 'acme')).toMatchObject({ tls_ca: bundle });
    for (const tls_ca of [authority.cert + authority.key, authority.cert + NOT_A_CERTIFICATE]) {
      expect(await world.refused('accounts.create', { ...RELAY, tls_ca }, 'acme')).toBe('invalid_input /tls_ca');
    }
  });

  test('an id is taken once in a tenant, and free in another', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    await world.run('accounts.create', { ...RELAY, is_default: true }, 'acme');
    expect(await world.refused('accounts.create', RELAY, 'acme')).toBe('duplicate_id');
    expect(await world.refused('accounts.create', { ...RELAY, is_default: true }, 'acme')).toBe('duplicate_id');
    await world.run('accounts.create', RELAY, 'other');
    expect(await world.refused('accounts.get', { account_id: 'main' })).toBe('ambiguous_id');
    expect(await world.run('accounts.get', { account_id: 'main', tenant_id: 'other' })).toMatchObject({
      tenant_id: 'other',
    });
  });

  test('an account of another tenant is as if there were none', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const { pk } = await world.run('accounts.create', RELAY, 'other');
    const onOne = ['get', 'update', 'delete', 'pause', 'resume', 'verify'].map((verb) => `accounts.${verb}`);
    for (const operation of onOne) {
      for (const account_id of [pk, 'main', 'nothing']) {
        expect(await world.refused(operation, { account_id }, 'acme')).toBe('not_found');
      }
    }
    expect(await world.run('accounts.list', {}, 'acme')).toEqual({ items: [], next: null });
    expect(await world.refused('accounts.create', { ...RELAY, tenant_id: 'other' }, 'acme')).toBe('not_found');
    expect(await world.refused('accounts.create', { ...RELAY, tenant_id: 'nobody' })).toBe('not_found');
  });

  test("an id that is another account's pk hides nothing from its owner or the operator", async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const { pk } = await world.run('accounts.create', RELAY, 'acme');
    await world.run('accounts.create', { ...RELAY, id: pk }, 'other');
    expect(await world.run('accounts.get', { account_id: pk })).toMatchObject({ tenant_id: 'acme' });
    expect(await world.run('accounts.get', { account_id: pk }, 'acme')).toMatchObject({ id: 'main' });
    expect(await world.run('accounts.get', { account_id: pk }, 'other')).toMatchObject({ id: pk });
  });

  test('a change keeps what is absent, and null clears or sets the default', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const change = (input: object) => world.run('accounts.update', { account_id: 'main', ...input }, 'acme');
    await world.run('accounts.create', { ...RELAY, ...LOGIN, tls: 'none', max_connections: 3 }, 'acme');
    world.time.advance(1_000);
    const moved = await change({ host: 'smtp2.example.org' });
    expect(moved).toMatchObject({
      host: 'smtp2.example.org',
      port: 587,
      user: 'proxy',
      has_password: true,
      tls: 'none',
      max_connections: 3,
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:01.000Z',
    });
    const pk = String(moved['pk']);
    expect(await world.accounts.relayRow(pk)).toMatchObject({ version: 2, password: LOGIN.password });
    expect(await change({ tls: null, max_connections: null })).toMatchObject({ tls: 'starttls', max_connections: 10 });
    expect(await change({ password: 'pw-new' })).toMatchObject({ user: 'proxy', has_password: true });
    expect(await world.accounts.relayRow(pk)).toMatchObject({ version: 4, password: 'pw-new' });
    expect(await world.refused('accounts.update', { account_id: 'main', user: null }, 'acme')).toBe(
      'invalid_input /user',
    );
    expect(await change({ user: null, password: null })).toMatchObject({ user: null, has_password: false });
  });

  test('a change names the field that is wrong', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    await world.run('accounts.create', RELAY, 'acme');
    for (const [field, value] of [
      ['host', null],
      ['port', null],
      ['id', 'x'],
      ['password', 'x'],
      ['is_default', null],
    ] as const) {
      const pointer = field === 'password' ? '/user' : `/${field}`;
      expect(await world.refused('accounts.update', { account_id: 'main', [field]: value }, 'acme')).toBe(
        `invalid_input ${pointer}`,
      );
    }
  });

  test('the newest default is the only one, in its own tenant', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const defaults = async (): Promise<string[]> => {
      const { items } = await world.run('accounts.list', {});
      const accounts = items as { readonly id: string; readonly is_default: boolean }[];
      return accounts.filter((account) => account.is_default).map((account) => account.id);
    };
    await world.run('accounts.create', { ...RELAY, id: 'theirs', is_default: true }, 'other');
    await world.run('accounts.create', { ...RELAY, id: 'a', is_default: true }, 'acme');
    await world.run('accounts.create', { ...RELAY, id: 'b', is_default: true }, 'acme');
    expect(await defaults()).toEqual(['theirs', 'b']);
    await world.run('accounts.update', { account_id: 'a', is_default: true }, 'acme');
    expect(await defaults()).toEqual(['theirs', 'a']);
    await world.run('accounts.update', { account_id: 'a', is_default: false }, 'acme');
    expect(await defaults()).toEqual(['theirs']);
  });

  test('pages of a list hold every account once, in the order in which they were made', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    for (const id of ['z', 'y', 'x', 'w']) await world.run('accounts.create', { ...RELAY, id }, 'acme');
    await world.run('accounts.create', RELAY, 'other');
    const first = await world.run('accounts.list', { limit: '3', tenant_id: 'acme' });
    const second = await world.run('accounts.list', { limit: 3, tenant_id: 'acme', after: first['next'] });
    expect([first['items'], second['items']]).toMatchObject([[{ id: 'z' }, { id: 'y' }, { id: 'x' }], [{ id: 'w' }]]);
    expect(second['next']).toBeNull();
    expect((await world.run('accounts.list', {}))['items']).toHaveLength(5);
  });

  test('an account to which messages refer is not deleted, and says how many wait', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const created = await world.run('accounts.create', RELAY, 'acme');
    const accountPk = String(created['pk']);
    const remove = () => world.run('accounts.delete', { account_id: 'main' }, 'acme');
    await world.addMessage({ tenantId: 'acme', accountPk, state: 'final' });
    await expect(remove()).rejects.toMatchObject({
      code: 'in_use',
      message: 'no message waits for this account, but 1 that are done refer to it',
      extra: { waiting_messages: 0, messages: 1 },
    });
    await world.addMessage({ tenantId: 'acme', accountPk, state: 'ready' });
    await expect(remove()).rejects.toMatchObject({
      code: 'in_use',
      message: '1 messages wait for this account',
      extra: { waiting_messages: 1, messages: 2 },
    });
    expect(await world.run('accounts.get', { account_id: 'main' }, 'acme')).toEqual(created);
  });

  test('an unused account is deleted, and its id is free again', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    await world.run('accounts.create', RELAY, 'acme');
    expect(await world.run('accounts.delete', { account_id: 'main' }, 'acme')).toBeNull();
    expect(await world.refused('accounts.get', { account_id: 'main' }, 'acme')).toBe('not_found');
    await world.run('accounts.create', RELAY, 'acme');
  });
}
