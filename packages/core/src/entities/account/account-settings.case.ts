// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createTestCertificate } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addTenants, dump, type OpenWorld, type World } from '../world.case.ts';

const RELAY = { id: 'main', host: 'smtp.example.org', port: 587 };
const ENDPOINT = { token_url: 'https://login.example/token', client_id: 'id-1', client_secret: 'cs-8a8a' };

/** Limits, OAuth, client certificates and the like: what is set, kept, cleared and refused. */
export function accountSettingsCases(open: OpenWorld): void {
  const change = (world: World, input: object) =>
    world.run('accounts.update', { account_id: 'main', ...input }, 'acme');
  const refusedChange = (world: World, input: object) =>
    world.refused('accounts.update', { account_id: 'main', ...input }, 'acme');

  test('a field that is wrong is named', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { cert, key } = createTestCertificate();
    const wrong: readonly (readonly [pointer: string, settings: object])[] = [
      ...['limit_per_minute', 'limit_per_hour', 'limit_per_day'].flatMap((field) =>
        [0, 1_000_000_001, 1.5, '10'].map((value) => [`/${field}`, { [field]: value }] as const),
      ),
      ['/limit_unit', { limit_unit: 'byte' }],
      ['/limit_behavior', { limit_behavior: 'drop' }],
      ['/weight', { weight: 0 }],
      ['/weight', { weight: 101 }],
      ['/auth_method', { auth_method: 'ntlm', user: 'u', password: 'p' }],
      ['/user', { auth_method: 'plain' }],
      ['/user', { oauth: ENDPOINT }],
      ['/password', { auth_method: 'cram-md5', user: 'u' }],
      ['/password', { auth_method: 'plain', user: 'u', oauth: ENDPOINT }],
      ['/oauth', { auth_method: 'xoauth2', user: 'u' }],
      ['/oauth', { auth_method: 'xoauth2', user: 'u', password: 'p' }],
      ['/oauth', { user: 'u', oauth: {} }],
      ['/oauth', { user: 'u', oauth: { ...ENDPOINT, access_token: 'x' } }],
      ['/oauth', { user: 'u', oauth: { ...ENDPOINT, client_secret: undefined } }],
      ['/oauth/access_token', { user: 'u', oauth: { access_token: 'a\r\nb' } }],
      ['/oauth/tenant', { user: 'u', oauth: { ...ENDPOINT, tenant: 'x' } }],
      ...['http://login.example/token', 'ftp://login.example', 'https://u:p@login.example', 'login.example'].map(
        (token_url) => ['/oauth/token_url', { user: 'u', oauth: { ...ENDPOINT, token_url } }] as const,
      ),
      ['/tls_min_version', { tls_min_version: 'TLSv1.1' }],
      ['/tls_client_cert', { tls_client_cert: key }],
      ['/tls_client_cert', { tls_client_key: key }],
      ['/tls_client_key', { tls_client_cert: cert }],
      ['/tls_client_key', { tls_client_cert: cert, tls_client_key: 'no key' }],
      ['/tls_client_key', { tls_client_cert: cert, tls_client_key: cert }],
      ['/tls_client_key', { tls_client_cert: cert, tls_client_key: createTestCertificate().key }],
      ...['192.0.2.1', 'mail example', 'mail_proxy.example', '-a.example', 'a..b', '', '[192.0.2.1]'].map(
        (ehlo_name) => ['/ehlo_name', { ehlo_name }] as const,
      ),
      ['/retry/base_seconds', { retry: { base_seconds: 0 } }],
      ['/retry/tries', { retry: { tries: 3 } }],
      ['/retry', { retry: { preset: 'original', delays_seconds: [1] } }],
    ];
    for (const [pointer, settings] of wrong) {
      const refused = await world.refused('accounts.create', { ...RELAY, ...settings }, 'acme');
      expect([settings, refused]).toEqual([settings, `invalid_input ${pointer}`]);
    }
  });

  test('limits, the weight and the retry policy are set, kept, and cleared with null', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const given = {
      weight: 100,
      limit_per_minute: 1,
      limit_per_hour: 500,
      limit_per_day: 1_000_000_000,
      limit_behavior: 'reject',
      limit_unit: 'recipient',
      ehlo_name: 'mail.acme.example',
      tls_min_version: 'TLSv1.3',
      retry: { delays_seconds: [60, 600], max_age_seconds: 86_400 },
    };
    expect(await world.run('accounts.create', { ...RELAY, ...given }, 'acme')).toMatchObject(given);
    expect(await change(world, { limit_per_hour: 600 })).toMatchObject({ ...given, limit_per_hour: 600 });
    expect(await world.run('accounts.get', { account_id: 'main' }, 'acme')).toMatchObject({
      ...given,
      limit_per_hour: 600,
    });
    const cleared = Object.fromEntries(Object.keys(given).map((field) => [field, null]));
    expect(await change(world, cleared)).toMatchObject({
      ...cleared,
      weight: 1,
      limit_behavior: 'defer',
      limit_unit: 'message',
    });
  });

  test('with oauth no password is needed, and what it holds is never shown or stored in clear', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const oauth = { ...ENDPOINT, refresh_token: 'rt-9b9b', scope: 'smtp' };
    const created = await world.run('accounts.create', { ...RELAY, user: 'u', auth_method: 'xoauth2', oauth }, 'acme');
    expect(created).toMatchObject({ has_oauth: true, has_password: false, auth_method: 'xoauth2' });
    const pk = String(created['pk']);
    expect((await world.accounts.relayRow(pk)).oauth).toEqual({
      tokenUrl: ENDPOINT.token_url,
      clientId: ENDPOINT.client_id,
      clientSecret: ENDPOINT.client_secret,
      refreshToken: 'rt-9b9b',
      scope: 'smtp',
    });
    await change(world, { host: 'smtp2.example.org' });
    expect((await world.accounts.relayRow(pk)).oauth).toMatchObject({ clientSecret: ENDPOINT.client_secret });
    const changed = await change(world, { oauth: { access_token: 'at-7c7c' } });
    expect((await world.accounts.relayRow(pk)).oauth).toEqual({ accessToken: 'at-7c7c' });
    expect(await refusedChange(world, { oauth: null })).toBe('invalid_input /oauth');
    expect(await change(world, { oauth: null, auth_method: null, password: 'pw-1e1e' })).toMatchObject({
      has_oauth: false,
      has_password: true,
      auth_method: 'auto',
    });
    const seen = (await dump(world)) + JSON.stringify([created, changed]);
    for (const secret of ['rt-9b9b', ENDPOINT.client_secret, 'at-7c7c', 'pw-1e1e']) expect(seen).not.toContain(secret);
  });

  test('a token endpoint on this machine may do without TLS', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const hosts = ['localhost:8080', '127.0.0.1', '[::1]:8080'];
    for (const [index, host] of hosts.entries()) {
      const oauth = { ...ENDPOINT, token_url: `http://${host}/token` };
      const created = await world.run('accounts.create', { ...RELAY, id: `a${index}`, user: 'u', oauth }, 'acme');
      expect(created).toMatchObject({ has_oauth: true });
    }
  });

  test('a client certificate comes with its key, which is never shown or stored in clear', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const [first, second] = [createTestCertificate(), createTestCertificate()];
    const pair = ({ cert, key }: typeof first) => ({ tls_client_cert: cert, tls_client_key: key });
    const created = await world.run('accounts.create', { ...RELAY, ...pair(first) }, 'acme');
    expect(created).toMatchObject({ tls_client_cert: first.cert, has_tls_client_key: true });
    const pk = String(created['pk']);
    const key = async () => (await world.accounts.relayRow(pk)).tlsClientKey;
    expect(await key()).toBe(first.key);
    await change(world, { port: 25, tls_client_cert: first.cert });
    expect(await key()).toBe(first.key);
    expect(await refusedChange(world, { tls_client_cert: second.cert })).toBe('invalid_input /tls_client_key');
    expect(await refusedChange(world, { tls_client_key: second.key })).toBe('invalid_input /tls_client_key');
    expect(await refusedChange(world, { tls_client_cert: null })).toBe('invalid_input /tls_client_cert');
    const renewed = await change(world, pair(second));
    expect(await key()).toBe(second.key);
    const seen = (await dump(world)) + JSON.stringify([created, renewed]);
    for (const line of [first, second].flatMap((each) => secretLines(each.key))) expect(seen).not.toContain(line);
    expect(await change(world, { tls_client_cert: null, tls_client_key: null })).toMatchObject({
      tls_client_cert: null,
      has_tls_client_key: false,
    });
  });
}

/** Of a PEM text what is not the same in all of them. */
function secretLines(pem: string): readonly string[] {
  return pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
}
