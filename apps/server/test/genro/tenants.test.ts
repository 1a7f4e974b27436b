// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GenroWorld, openGenro, TOKEN } from './genro-world.case.ts';

let world: GenroWorld;
beforeAll(async () => {
  world = await openGenro();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const FULL = {
  id: 'acme',
  name: 'Acme',
  client_base_url: 'http://localhost:8081',
  client_sync_path: '/proxy_sync',
  client_auth: { method: 'bearer', token: 'tok-5e5e' },
  active: true,
  some_new_field: { deep: [1] },
};

describe('the ground rules', () => {
  test('health needs no token, every other call one that lives', async () => {
    expect(await world.get('/health', null)).toMatchObject({ status: 200, json: { status: 'ok' } });
    expect(await world.get('/status')).toMatchObject({ status: 200, json: { ok: true, active: true } });
    for (const token of [null, 'wrong', `${TOKEN}-`, "' OR 1=1 --"]) {
      for (const path of ['/status', '/messages?tenant_id=acme', '/tenants', '/messages', '/accounts']) {
        expect([token, path, (await world.get(path, token)).status]).toEqual([token, path, 401]);
      }
      expect((await world.post('/commands/add-messages', { messages: [] }, token)).status).toBe(401);
    }
    expect((await world.get('/status', 'wrong')).json).toEqual({ detail: 'Invalid or missing API token' });
  });

  test('wrong tokens are answered with 401 however many there are, and the right one goes on', async () => {
    for (let n = 0; n < 30; n++) expect((await world.get('/status', `wrong-${n}`)).status).toBe(401);
    expect((await world.get('/status')).status).toBe(200);
  });

  test('metrics are those of Prometheus', async () => {
    const { status, text } = await world.get('/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/# HELP gmp_sent_total /);
    expect(text).toMatch(/# TYPE gmp_pending_messages gauge/);
  });

  test('what is not known is a JSON object with a detail', async () => {
    expect(await world.get('/nowhere')).toMatchObject({ status: 404, json: { detail: expect.any(String) } });
    expect(await world.get('/account?id=main')).toMatchObject({ status: 405, json: { detail: expect.any(String) } });
    expect(await world.call('POST', '/tenant', { json: undefined })).toMatchObject({
      status: 422,
      json: { detail: [{ type: 'missing', loc: ['body', 'id'], msg: 'required' }] },
    });
    const broken = await fetch(`${world.url}/tenant`, {
      method: 'POST',
      headers: { 'x-api-token': TOKEN, 'content-type': 'application/json' },
      body: '{"id":',
    });
    expect([broken.status, Object.keys(Object(await broken.json()))]).toEqual([422, ['detail']]);
  });

  test('our own paths stay as they are', async () => {
    expect((await world.get('/v1/tenants')).json).toHaveProperty('items');
    for (const path of ['/livez', '/readyz', '/docs', '/openapi.json']) {
      expect([path, (await world.get(path)).status]).toEqual([path, 200]);
    }
  });
});

describe('tenants', () => {
  test('are added and said again, hundreds of times', async () => {
    const added = await world.post('/tenant', FULL);
    expect(added).toMatchObject({ status: 200, json: { ok: true, api_key: expect.any(String) } });
    for (let n = 0; n < 50; n++) {
      expect(await world.post('/tenant', FULL)).toMatchObject({ status: 200, json: { ok: true } });
    }
    expect((await world.post('/tenant', FULL)).json).toEqual({ ok: true });
    expect(await world.post('/tenant', { id: 'bare', name: 'Bare' })).toMatchObject({ status: 200 });
  });

  test('added at the same moment are one', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.post('/tenant', { id: 'same' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.filter(({ json }) => json.api_key !== undefined)).toHaveLength(1);
  });

  test('are shown as they are, without what opens their endpoint', async () => {
    await world.post('/tenant', FULL);
    const { status, json, text } = await world.get('/tenant/acme');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: 'acme',
      name: 'Acme',
      client_base_url: 'http://localhost:8081',
      client_sync_path: '/proxy_sync',
      client_auth: { method: 'bearer' },
      active: true,
    });
    expect(text).not.toContain('tok-5e5e');
    expect(await world.get('/tenant/nobody')).toMatchObject({ status: 404, json: { detail: expect.any(String) } });
    const { json: all } = await world.get('/tenants');
    expect(all.ok).toBe(true);
    expect(all.tenants.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['acme', 'default']));
  });

  test('change in what is said, and in nothing else', async () => {
    await world.post('/tenant', { ...FULL, id: 'changed' });
    expect(
      await world.put('/tenant/changed', { name: 'Other', client_sync_path: 'sync', client_base_url: null }),
    ).toMatchObject({
      status: 200,
      json: { ok: true },
    });
    expect((await world.get('/tenant/changed')).json).toMatchObject({
      name: 'Other',
      client_base_url: 'http://localhost:8081',
      client_sync_path: '/sync',
      client_auth: { method: 'bearer' },
    });
    expect((await world.put('/tenant/changed', {})).status).toBe(200);
    expect((await world.put('/tenant/nobody', { name: 'x' })).status).toBe(404);
    // What is said as a whole has no more than what is said, but for what nobody can read back.
    await world.post('/tenant', { id: 'changed', name: 'Bare' });
    expect((await world.get('/tenant/changed')).json).toMatchObject({
      name: 'Bare',
      client_base_url: null,
      client_auth: { method: 'bearer' },
    });
    expect((await world.post('/tenant', { id: 'changed', client_auth: { method: 'none', token: null } })).status).toBe(
      200,
    );
    expect((await world.get('/tenant/changed')).json.client_auth).toEqual({ method: 'none' });
  });

  test('are deleted with all that they have', async () => {
    await world.tenant('gone', [{ port: 1 }]);
    await world.add('gone', [{ id: 'gone-1' }]);
    expect(await world.call('DELETE', '/tenant/gone')).toMatchObject({ status: 200, json: { ok: true } });
    expect((await world.get('/tenant/gone')).status).toBe(404);
    expect((await world.call('DELETE', '/tenant/gone')).status).toBe(404);
  });

  test('tell when they were called last', async () => {
    await world.post('/tenant', FULL);
    const { status, json } = await world.get('/tenants/sync-status');
    expect(status).toBe(200);
    expect(json).toMatchObject({ ok: true, sync_interval_seconds: 300 });
    expect(json.tenants).toContainEqual({
      id: 'acme',
      name: 'Acme',
      active: true,
      client_base_url: 'http://localhost:8081',
      last_sync_ts: null,
      next_sync_due: true,
      in_dnd: false,
    });
  });
});

describe('the key of a tenant', () => {
  const keyOf = async (id: string): Promise<string> => {
    const { status, json } = await world.post(`/tenant/${id}/api-key`);
    expect(status).toBe(200);
    return json.api_key;
  };

  test('takes the place of those before, and is dead once it was deleted', async () => {
    const { json } = await world.post('/tenant', { id: 'keyed' });
    expect((await world.get('/messages?tenant_id=keyed', json.api_key)).status).toBe(200);
    const first = await keyOf('keyed');
    expect((await world.get('/messages?tenant_id=keyed', json.api_key)).status).toBe(401);
    expect((await world.get('/messages?tenant_id=keyed', first)).status).toBe(200);
    const second = await keyOf('keyed');
    expect((await world.get('/messages?tenant_id=keyed', first)).status).toBe(401);
    expect((await world.get('/messages?tenant_id=keyed', second)).status).toBe(200);
    expect((await world.get('/messages?tenant_id=keyed')).status).toBe(200);
    expect(await world.call('DELETE', '/tenant/keyed/api-key')).toMatchObject({ status: 200, json: { ok: true } });
    expect((await world.get('/messages?tenant_id=keyed', second)).status).toBe(401);
    expect((await world.get('/messages?tenant_id=keyed')).status).toBe(200);
  });

  test('may end by itself', async () => {
    await world.post('/tenant', { id: 'ending' });
    const { json } = await world.post('/tenant/ending/api-key', { expires_at: 4_000_000_000 });
    expect(json).toMatchObject({ ok: true, expires_at: 4_000_000_000 });
  });

  test('opens what is its own, and nothing of others or of the operator', async () => {
    await world.post('/tenant', { id: 'one' });
    await world.post('/tenant', { id: 'two' });
    const key = await keyOf('one');
    const account = { id: 'own-1', host: 'smtp.invalid', port: 25, use_tls: false };
    expect((await world.post('/account', { ...account, tenant_id: 'one' }, key)).status).toBe(200);
    expect((await world.post('/account', { ...account, id: 'own-2' }, key)).status).toBe(200);
    expect((await world.post('/account', { ...account, id: 'two-1', tenant_id: 'two' }, key)).status).toBe(401);
    expect((await world.get('/messages?tenant_id=one', key)).json).toEqual({ ok: true, messages: [] });
    expect((await world.get('/tenant/one', key)).status).toBe(200);
    for (const path of [
      '/messages?tenant_id=two',
      '/accounts?tenant_id=two',
      '/tenant/two',
      '/messages?tenant_id=nobody',
    ]) {
      expect([path, (await world.get(path, key)).status]).toEqual([path, 401]);
    }
    for (const path of ['suspend', 'activate', 'delete-messages', 'cleanup-messages', 'run-now']) {
      expect((await world.post(`/commands/${path}?tenant_id=two`, { ids: [] }, key)).status).toBe(401);
    }
    for (const path of ['/tenants', '/tenants/sync-status', '/instance', '/command-log', '/command-log/export']) {
      expect([path, (await world.get(path, key)).status]).toEqual([path, 403]);
    }
    expect((await world.post('/tenant', { id: 'three' }, key)).status).toBe(403);
    expect((await world.put('/tenant/one', { name: 'x' }, key)).status).toBe(403);
    expect((await world.post('/tenant/one/api-key', undefined, key)).status).toBe(403);
    expect((await world.put('/instance', {}, key)).status).toBe(403);
    expect((await world.get('/status', key)).status).toBe(200);
  });
});
