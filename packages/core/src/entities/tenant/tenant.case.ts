// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { isMailProxyError } from '../../errors.ts';
import { reachOf } from '../../operations/principal.ts';
import { ALL, addTenants, dump, holderOf, type OpenWorld, START, type World } from '../world.case.ts';

const BEARER = { method: 'bearer', token: 'tok-5e5e' };
const RELAY = { id: 'main', host: 'smtp.example.org', port: 25 };

const cursors = ({ database }: World) =>
  database.read(database.prepare<object>((k) => k.selectFrom('report_cursors').selectAll()).bind({}));

export function tenantCases(open: OpenWorld): void {
  test('a new tenant has its settings, its report cursor and a key that works', async () => {
    await using world = await open();
    const created = await world.run('tenants.create', {
      id: 'acme',
      name: 'Acme',
      client_base_url: 'https://acme.example/api',
      client_auth: BEARER,
    });
    expect(created).toEqual({
      id: 'acme',
      name: 'Acme',
      client_base_url: 'https://acme.example/api',
      client_sync_path: null,
      client_attachment_path: null,
      client_auth: { method: 'bearer' },
      weight: 1,
      limit_per_minute: null,
      limit_per_hour: null,
      limit_per_day: null,
      limit_unit: 'message',
      refuse_over_limit: false,
      on_in_doubt: 'retry',
      retry: null,
      reply_rules: [],
      allow_private_networks: null,
      allowed_hosts: null,
      retention: null,
      suppression: null,
      max_pending: null,
      max_bytes: null,
      suspended: false,
      suspended_at: null,
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
      api_key: expect.stringMatching(/^mp_live_[0-9a-f]{32}_[\w-]{43}$/),
    });
    const { api_key: apiKey, ...tenant } = created;
    expect(await world.run('tenants.get', { tenant_id: 'acme' })).toEqual(tenant);
    expect(await holderOf(world, String(apiKey))).toMatchObject({ kind: 'tenant', tenantId: 'acme' });
    expect(await cursors(world)).toMatchObject([
      {
        tenant_id: 'acme',
        last_seq: 0,
        acked_seq: 0,
        last_sync_at: null,
        next_sync_after: null,
        failures: 0,
        next_attempt_at: 0,
        last_error: null,
      },
    ]);
  });

  test('credentials and keys are stored nowhere in clear', async () => {
    await using world = await open();
    const { api_key: apiKey } = await world.run('tenants.create', { id: 'acme', client_auth: BEARER });
    await world.run('tenants.update', {
      tenant_id: 'acme',
      client_auth: { method: 'basic', user: 'proxy', password: 'pw-7a7a' },
    });
    const stored = await dump(world);
    expect(stored).toContain('sealed:v1:');
    for (const secret of [BEARER.token, 'pw-7a7a', String(apiKey)]) expect(stored).not.toContain(secret);
  });

  test('an id that is taken is refused, and the unit leaves no key behind', async () => {
    await using world = await open();
    await world.run('tenants.create', { id: 'acme' });
    expect(await world.refused('tenants.create', { id: 'acme' })).toBe('duplicate_id');
    expect((await world.run('api-keys.list', { tenant_id: 'acme' }))['items']).toHaveLength(1);
  });

  test('a field that is wrong is named', async () => {
    await using world = await open();
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/id', { id: 'a b' }],
      ['/id', {}],
      ['/colour', { id: 'acme', colour: 'red' }],
      ['/client_base_url', { id: 'acme', client_base_url: 'ftp://acme.example' }],
      ['/client_base_url', { id: 'acme', client_base_url: 'https://user:pw@acme.example' }],
      ['/client_sync_path', { id: 'acme', client_sync_path: 'sync' }],
      ['/client_auth/method', { id: 'acme', client_auth: { method: 'digest' } }],
      ['/client_auth/token', { id: 'acme', client_auth: { method: 'bearer' } }],
      ['/client_auth/token', { id: 'acme', client_auth: { method: 'bearer', token: 'a\r\nb' } }],
      ['/client_auth/user', { id: 'acme', client_auth: { method: 'basic', user: 'a:b', password: 'x' } }],
      ['/client_auth/token', { id: 'acme', client_auth: { method: 'none', token: 'x' } }],
    ];
    for (const [pointer, input] of wrong) {
      expect(await world.refused('tenants.create', input)).toBe(`invalid_input ${pointer}`);
    }
  });

  test('a change keeps what is absent and clears what is null', async () => {
    await using world = await open();
    await world.run('tenants.create', { id: 'acme', name: 'Acme', client_sync_path: '/sync', client_auth: BEARER });
    world.time.advance(1_000);
    const changed = await world.run('tenants.update', { tenant_id: 'acme', name: null, client_base_url: 'http://a.b' });
    expect(changed).toMatchObject({
      name: null,
      client_base_url: 'http://a.b',
      client_sync_path: '/sync',
      client_auth: { method: 'bearer' },
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:01.000Z',
    });
    expect(await world.run('tenants.get', { tenant_id: 'acme' })).toEqual(changed);
    expect(await world.run('tenants.update', { tenant_id: 'acme', client_auth: null })).toMatchObject({
      client_sync_path: '/sync',
      client_auth: null,
    });
  });

  test('a tenant sees itself, and no other as if there were none', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    expect(await world.run('tenants.get', { tenant_id: 'acme' }, 'acme')).toMatchObject({ id: 'acme' });
    expect(await world.refused('tenants.get', { tenant_id: 'other' }, 'acme')).toBe('not_found');
    expect(await world.refused('tenants.get', { tenant_id: 'nobody' }, 'acme')).toBe('not_found');
    expect((await world.tenants.list(reachOf('acme'), { limit: 10 })).items.map(({ id }) => id)).toEqual(['acme']);
    for (const operation of ['tenants.update', 'tenants.delete']) {
      expect(await world.refused(operation, { tenant_id: 'acme' }, 'acme')).toBe('forbidden');
    }
  });

  test('a store refuses a tenant outside the reach', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const reach = reachOf('acme');
    await expect(world.tenants.get(reach, 'other')).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.tenants.update(reach, 'other', { name: 'x' }, { now: START })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(world.tenants.delete(reach, 'other')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a tenant that does not exist is not found by any operation', async () => {
    await using world = await open();
    const of = { tenant_id: 'nobody' };
    for (const operation of ['tenants.get', 'tenants.update', 'tenants.delete', 'api-keys.create', 'api-keys.list']) {
      expect(await world.refused(operation, of)).toBe('not_found');
    }
    expect(await world.refused('api-keys.revoke', { ...of, key_id: 'x' })).toBe('not_found');
  });

  test('pages of a list hold every tenant once, by id', async () => {
    await using world = await open();
    await addTenants(world, 'c', 'A', 'b', '_', '-');
    const seen: string[] = [];
    let after: string | null | undefined;
    do {
      const { items, next } = await world.tenants.list(ALL, { limit: 2, after: after ?? undefined });
      seen.push(...items.map(({ id }) => id));
      after = next;
    } while (after !== null);
    expect(seen).toEqual(['-', 'A', '_', 'b', 'c']);
  });

  test('a tenant with accounts or mail is not deleted, and says what it has', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { pk } = await world.run('accounts.create', RELAY, 'acme');
    await world.addMessage({ tenantId: 'acme', accountPk: String(pk), state: 'ready' });
    await world.addMessage({ tenantId: 'acme', accountPk: String(pk), state: 'final' });
    await expect(world.run('tenants.delete', { tenant_id: 'acme' })).rejects.toMatchObject({
      code: 'in_use',
      extra: { accounts: 1, waiting_messages: 1 },
    });
  });

  test('an empty tenant goes with its keys, its storages and its cursor', async () => {
    await using world = await open();
    const { api_key: apiKey } = await world.run('tenants.create', { id: 'acme' });
    await world.run('storages.create', { name: 'files', protocol: 's3' }, 'acme');
    expect(await holderOf(world, String(apiKey))).not.toBeNull();
    expect(await world.run('tenants.delete', { tenant_id: 'acme' })).toBeNull();
    expect(await holderOf(world, String(apiKey))).toBeNull();
    expect(await world.refused('tenants.delete', { tenant_id: 'acme' })).toBe('not_found');
    expect(await cursors(world)).toEqual([]);
    expect((await world.storages.list(ALL, { limit: 10 })).items).toEqual([]);
  });

  test('an account that is added while its tenant is deleted is either refused or keeps it', async () => {
    await using world = await open();
    for (let round = 0; round < 10; round++) {
      const tenant_id = `t${round}`;
      await addTenants(world, tenant_id);
      const [added, deleted] = await Promise.allSettled([
        world.run('accounts.create', { ...RELAY, tenant_id }),
        world.run('tenants.delete', { tenant_id }),
      ]);
      const outcomes = [added, deleted].map((one) => (one.status === 'fulfilled' ? 'ok' : codeOf(one.reason)));
      expect([
        ['ok', 'in_use'],
        ['not_found', 'ok'],
      ]).toContainEqual(outcomes);
    }
  });

  test('the default tenant is made once, without a key', async () => {
    await using world = await open();
    await world.tenants.ensureDefaultTenant(START);
    await world.run('tenants.update', { tenant_id: 'default', name: 'Main' });
    await world.tenants.ensureDefaultTenant(START + 1);
    expect(await world.run('tenants.list', {})).toMatchObject({ items: [{ id: 'default', name: 'Main' }], next: null });
    expect(await world.run('api-keys.list', { tenant_id: 'default' })).toEqual({ items: [], next: null });
    expect(await cursors(world)).toHaveLength(1);
  });

  test('the report target has the credentials in clear and the default path', async () => {
    await using world = await open();
    const base = { client_base_url: 'https://acme.example' };
    await world.run('tenants.create', { id: 'acme', ...base, client_auth: BEARER });
    await world.run('tenants.create', { id: 'beta', ...base, client_sync_path: '/s', client_auth: { method: 'none' } });
    await world.run('tenants.create', { id: 'untold' });
    expect(await world.tenants.reportTarget('acme')).toEqual({
      baseUrl: 'https://acme.example',
      syncPath: '/mail-proxy/sync',
      auth: BEARER,
      policy: {},
    });
    expect(await world.tenants.reportTarget('beta')).toMatchObject({ syncPath: '/s', auth: null });
    expect(await world.tenants.reportTarget('untold')).toBeNull();
    expect(await world.tenants.reportTarget('nobody')).toBeNull();
    expect(await world.tenants.listReportTargets()).toEqual(['acme', 'beta', 'untold']);
  });

  test('attachments of a tenant come from its own server, and from hosts that the operator opens for it', async () => {
    await using world = await open();
    const base = { client_base_url: 'https://acme.example', client_attachment_path: '/files' };
    await world.run('tenants.create', { id: 'acme', ...base, client_auth: BEARER, allowed_hosts: ['files.internal'] });
    expect(await world.tenants.attachmentTarget('acme')).toEqual({
      baseUrl: 'https://acme.example',
      attachmentPath: '/files',
      auth: BEARER,
      policy: { allowedHosts: ['files.internal'] },
    });
    const open_ = { tenant_id: 'acme', allow_private_networks: true, allowed_hosts: null };
    expect(await world.run('tenants.update', open_)).toMatchObject({
      allow_private_networks: true,
      allowed_hosts: null,
    });
    expect(await world.tenants.reportTarget('acme')).toMatchObject({ policy: { allowPrivateNetworks: true } });
    expect(await world.refused('tenants.update', open_, 'acme')).toBe('forbidden');
    expect(await world.refused('tenants.update', { tenant_id: 'acme', allowed_hosts: ['10.0.0.0/8'] })).toBe(
      'invalid_input /allowed_hosts/0',
    );
    expect(await world.tenants.attachmentTarget('nobody')).toBeNull();
  });
}

function codeOf(error: unknown): string {
  return isMailProxyError(error) ? error.code : String(error);
}
