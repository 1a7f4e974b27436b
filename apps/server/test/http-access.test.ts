// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, METRICS_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

/** A tenant with an account of its own. */
async function addTenant(app: ServedApp, id: string): Promise<string> {
  const created = await app.call('POST', '/v1/tenants', { json: { id } });
  expect(created.status).toBe(201);
  const account = await app.call('POST', '/v1/accounts', {
    json: { tenant_id: id, id: `${id}-relay`, host: 'smtp.example.net', port: 587 },
  });
  expect(account.status).toBe(201);
  return created.json.api_key;
}

describe('who may call', () => {
  test('the admin token opens by either header, in any case of the scheme', async () => {
    await using app = await serveApp();
    const plain = { token: null, headers: { 'x-api-token': ADMIN_TOKEN } };
    const lower = { token: null, headers: { authorization: `bearer ${ADMIN_TOKEN}` } };
    const both = { headers: { 'x-api-token': ADMIN_TOKEN } };
    expect((await app.call('GET', '/v1/instance')).status).toBe(200);
    expect((await app.call('GET', '/v1/instance', plain)).status).toBe(200);
    expect((await app.call('GET', '/v1/instance', lower)).status).toBe(200);
    expect((await app.call('GET', '/v1/instance', both)).status).toBe(200);
  });

  test.each([
    ['no token', { token: null }],
    ['a wrong token', { token: 'not-the-token-of-anybody' }],
    ['an empty token', { token: null, headers: { authorization: 'Bearer ' } }],
    ['another scheme', { token: null, headers: { authorization: 'Basic YTpi' } }],
    ['two tokens that differ', { headers: { 'x-api-token': METRICS_TOKEN } }],
  ])('%s is 401 and names the scheme', async (_, options) => {
    await using app = await serveApp();
    const answer = await app.call('GET', '/v1/instance', options);
    expect(answer.status).toBe(401);
    expect(answer.json.code).toBe('unauthenticated');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  test('without a token the body is not looked at', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/accounts', { token: null, body: 'no JSON at all' });
    expect(answer.status).toBe(401);
  });

  test('a tenant reads its own account and gets 404 for that of another, as for none', async () => {
    await using app = await serveApp();
    const key = await addTenant(app, 'acme');
    await addTenant(app, 'other');
    expect((await app.call('GET', '/v1/accounts/acme-relay', { token: key })).status).toBe(200);
    for (const path of [
      '/v1/accounts/other-relay',
      '/v1/accounts/acme-relay?tenant_id=other',
      '/v1/accounts/nothing',
      '/v1/tenants/other',
    ]) {
      const answer = await app.call('GET', path, { token: key });
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'not_found']);
    }
  });

  test("a tenant changes how its own mail is sent, and gets 404 for another's, as for none", async () => {
    await using app = await serveApp();
    const key = await addTenant(app, 'acme');
    await addTenant(app, 'other');
    const change = (id: string) =>
      app.call('PATCH', `/v1/tenants/${id}/sending`, { token: key, json: { on_in_doubt: 'hold' } });
    const own = await change('acme');
    expect([own.status, own.json.on_in_doubt]).toEqual([200, 'hold']);
    for (const id of ['other', 'nobody']) {
      const answer = await change(id);
      expect([id, answer.status, answer.json.code]).toEqual([id, 404, 'not_found']);
    }
    expect((await app.call('GET', '/v1/tenants/other')).json.on_in_doubt).toBe('retry');
  });

  test('a tenant may not do what is for the operator', async () => {
    await using app = await serveApp();
    const key = await addTenant(app, 'acme');
    const answer = await app.call('POST', '/v1/tenants', { token: key, json: { id: 'mine' } });
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden']);
  });
});

describe('metrics', () => {
  test('the metrics token and the admin token read them, a tenant does not', async () => {
    await using app = await serveApp();
    const key = await addTenant(app, 'acme');
    const read = (token: string | null) => app.call('GET', '/metrics', { token });
    expect((await read(METRICS_TOKEN)).text).toContain('gmp_pending_messages');
    expect((await read(ADMIN_TOKEN)).status).toBe(200);
    expect((await read(key)).status).toBe(403);
    expect((await read(null)).status).toBe(401);
  });

  test('the metrics token reads nothing else', async () => {
    await using app = await serveApp();
    expect((await app.call('GET', '/v1/instance', { token: METRICS_TOKEN })).status).toBe(403);
  });

  test('where they are open they are so for this machine by its own names only', async () => {
    await using app = await serveApp({ isMetricsOpen: true });
    expect((await app.call('GET', '/metrics', { token: null })).status).toBe(200);
    expect(await statusUnderName(app.url, 'rebound.example')).toBe(401);
  });
});

/** fetch lets nobody set Host. */
async function statusUnderName(url: string, host: string): Promise<number | undefined> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(`${url}/metrics`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
