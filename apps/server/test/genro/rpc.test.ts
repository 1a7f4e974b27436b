// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { isEnterprise, openGenro } from './genro-world.case.ts';

const MAIL = {
  ...{ tenant_id: 'acme', account_id: 'main', from_addr: 'a@example.com', to: ['b@example.com'] },
  ...{ subject: 'Hello', body: 'A test.' },
};

test('version 0.7’s client adds a tenant, an account and mail, and sees what became of it', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  expect((await world.get('/instance/health')).json).toEqual({ status: 'ok' });
  expect((await world.get('/instance/status')).json).toEqual({ ok: true, active: true });
  const added = await world.post('/tenants/add', {
    id: 'acme',
    name: 'Acme',
    client_auth: { method: 'bearer', token: 'tok' },
  });
  expect(added).toMatchObject({ status: 200, json: { id: 'acme', name: 'Acme', api_key: expect.any(String) } });
  expect((await world.post('/tenants/update', { tenant_id: 'acme', name: 'Other' })).json).toMatchObject({
    name: 'Other',
  });
  expect((await world.get('/tenants/list')).json.map(({ id }: { id: string }) => id)).toEqual(['acme', 'default']);
  expect((await world.get('/tenants/get?tenant_id=acme')).text).not.toContain('tok');
  expect((await world.get('/tenants/get?tenant_id=nobody')).status).toBe(404);

  const account = {
    id: 'main',
    tenant_id: 'acme',
    host: 'localhost',
    port: sink.port,
    user: 'u',
    password: 'pw',
    use_tls: false,
  };
  const { user: _, password: __, ...open } = account;
  expect((await world.post('/accounts/add', account)).json).toMatchObject({ id: 'main', user: 'u', use_tls: false });
  for (const path of ['/accounts/get?tenant_id=acme&account_id=main', '/accounts/list?tenant_id=acme']) {
    expect((await world.get(path)).text).not.toContain('pw');
  }
  expect((await world.get('/accounts/get?tenant_id=acme&account_id=other')).status).toBe(404);
  expect((await world.post('/accounts/delete', { tenant_id: 'acme', account_id: 'main' })).json).toBeNull();
  expect((await world.post('/accounts/delete', { tenant_id: 'acme', account_id: 'main' })).json).toBeNull();
  await world.post('/accounts/add', open);

  const one = await world.post('/messages/add', { ...MAIL, id: 'm-1' });
  expect(one).toMatchObject({ status: 200, json: { id: 'm-1', pk: expect.any(String) } });
  const batch = await world.post('/messages/add_batch', {
    messages: [
      { ...MAIL, id: 'm-2', priority: 'high' },
      { ...MAIL, id: 'm-3', batch_code: 'x' },
    ],
  });
  expect(batch.json).toEqual({ ok: true, queued: 2, rejected: [] });
  expect(
    (await world.post('/tenants/suspend_batch', { tenant_id: 'acme', batch_code: 'x' })).json.suspended_batches,
  ).toEqual(['x']);
  expect((await world.get('/messages/count_active')).json).toBe(3);
  expect((await world.get('/messages/count_pending_for_tenant?tenant_id=acme&batch_code=x')).json).toBe(1);
  expect((await world.post('/instance/run_now', { tenant_id: 'acme' })).json).toEqual({ ok: true });
  expect((await world.post('/instance/run_now')).status).toBe(200);
  const statuses = async () => {
    const { json } = await world.get('/messages/list?tenant_id=acme');
    return Object.fromEntries(json.map(({ id, status }: { id: string; status: string }) => [id, status]));
  };
  await eventually(async () => expect(await statuses()).toEqual({ 'm-1': 'sent', 'm-2': 'sent', 'm-3': 'pending' }));
  expect((await world.get('/messages/get?tenant_id=acme&message_id=m-1')).json).toMatchObject({
    ...{ id: 'm-1', status: 'sent', smtp_ts: expect.any(Number) },
  });
  expect((await world.get('/messages/get?tenant_id=acme&message_id=other')).status).toBe(404);
  expect((await world.post('/messages/add', { ...MAIL, id: 'm-1' })).status).toBe(409);
  expect((await world.post('/messages/add', { ...MAIL, id: 'm-4', account_id: 'nobody' })).status).toBe(400);
  expect((await world.get('/tenants/get_suspended_batches?tenant_id=acme')).json.suspended_batches).toEqual(['x']);
  expect((await world.post('/instance/suspend', { tenant_id: 'acme' })).json.suspended_batches).toEqual(['*']);
  expect((await world.post('/instance/activate', { tenant_id: 'acme' })).json.suspended_batches).toEqual([]);
  expect((await world.post('/messages/delete', { message_pk: one.json.pk })).json).toBe(true);
  expect((await world.post('/messages/delete', { message_pk: one.json.pk })).json).toBe(false);
  const gone = await world.post('/messages/delete_batch', { tenant_id: 'acme', ids: ['m-2', 'nobody'] });
  expect(gone.json).toMatchObject({ ok: true, removed: 1, not_found: ['nobody'] });
  // It changes something: an address that a browser opens by itself does not.
  expect((await world.get('/messages/cleanup?tenant_id=acme')).status).toBe(405);
  expect((await world.post('/messages/cleanup', { tenant_id: 'acme' })).json).toEqual({ ok: true, removed: 0 });
  expect((await world.post('/tenants/delete', { tenant_id: 'acme' })).json).toBe(true);
  expect((await world.post('/tenants/delete', { tenant_id: 'acme' })).json).toBe(false);
});

test('a tenant’s key reaches its own tenant alone', async () => {
  await using world = await openGenro();
  await world.post('/tenants/add', { id: 'one' });
  await world.post('/tenants/add', { id: 'two' });
  const made = await world.post('/tenants/create_api_key', { tenant_id: 'one' });
  expect(made.json).toMatchObject({ ok: true, tenant_id: 'one' });
  const key = made.json.api_key;
  expect((await world.get('/tenants/get?tenant_id=one', key)).status).toBe(200);
  expect((await world.get('/messages/count_active', key)).json).toBe(0);
  expect((await world.get('/accounts/list_pec', key)).json).toEqual([]);
  for (const path of ['/tenants/get', '/accounts/list', '/messages/list', '/storages/list']) {
    expect([path, (await world.get(`${path}?tenant_id=two`, key)).status]).toEqual([path, 401]);
  }
  for (const path of ['/tenants/list', '/instance/get', '/instance/get_sync_status', '/command_log/list']) {
    expect([path, (await world.get(path, key)).status]).toEqual([path, 403]);
  }
  for (const path of ['/tenants/add', '/tenants/create_api_key', '/instance/update', '/command_log/purge']) {
    const body = { id: 'three', tenant_id: 'one', threshold_ts: 0 };
    expect([path, (await world.post(path, body, key)).status]).toEqual([path, 403]);
  }
  expect((await world.get('/tenants/list', null)).status).toBe(401);
  await world.post('/tenants/revoke_api_key', { tenant_id: 'one' });
  expect((await world.get('/tenants/get?tenant_id=one', key)).status).toBe(401);
});

test('the rest of the operator’s calls', async () => {
  const edition = (await isEnterprise()) ? 'ee' : 'ce';
  await using world = await openGenro({ GMP_ATTACHMENT_ROOTS: '/srv/mail/{tenant}' });
  await world.post('/tenants/add', { id: 'acme' });
  expect((await world.get('/instance/get')).json).toMatchObject({ ok: true, edition });
  expect((await world.post('/instance/update', { name: 'x' })).json).toEqual({ ok: true });
  expect((await world.post('/instance/reload_bounce', {})).json).toMatchObject({ ok: true, enabled: false });
  expect((await world.get('/instance/get_sync_status')).json).toMatchObject({ ok: true, sync_interval_seconds: 300 });
  expect((await world.get('/command_log/list?limit=1')).json).toMatchObject([{ endpoint: 'tenants.create' }]);
  // The first line is of the tenant that is there from the start.
  expect((await world.get('/command_log/export')).json.slice(1)).toMatchObject([{ endpoint: 'tenants.create' }]);
  expect((await world.post('/command_log/purge', { threshold_ts: 1 })).json).toEqual({ ok: true, deleted: 0 });
  const storage = { tenant_id: 'acme', name: 'files', protocol: 'local', config: { base_path: '/srv/mail/acme' } };
  for (let n = 0; n < 2; n++) {
    expect((await world.post('/storages/add', storage)).json).toMatchObject({ name: 'files', protocol: 'local' });
  }
  expect((await world.get('/storages/list?tenant_id=acme')).json).toHaveLength(1);
  expect((await world.get('/storages/get?tenant_id=acme&name=files')).text).not.toContain('/srv/mail');
  expect((await world.post('/storages/delete', { tenant_id: 'acme', name: 'files' })).json).toMatchObject({ ok: true });
  expect((await world.get('/storages/get?tenant_id=acme&name=files')).status).toBe(404);
  const bounces = {
    enabled: false,
    imap_host: 'localhost',
    imap_user: 'u',
    imap_password: 'pw-7a7a',
    poll_interval: 30,
  };
  expect((await world.post('/instance/set_bounce_config', bounces)).json).toMatchObject({ ok: true });
  const config = await world.get('/instance/get_bounce_config');
  const host = edition === 'ee' ? 'localhost' : null;
  expect(config.json).toMatchObject({ ok: true, enabled: false, imap_host: host, return_path: null });
  expect(config.text).not.toContain('pw-7a7a');
});

test('a message of a batch that lacks a field is refused by itself', async () => {
  await using world = await openGenro();
  await world.tenant('acme');
  await world.post('/accounts/add', { id: 'main', tenant_id: 'acme', host: 'localhost', port: 1, use_tls: false });
  const { subject: _, ...bare } = MAIL;
  const some = await world.post('/messages/add_batch', {
    messages: [{ ...MAIL, id: 'm-1' }, { ...bare, id: 'm-2' }, { ...MAIL, id: 'm-3', to: {} }, null],
  });
  expect(some).toMatchObject({
    status: 200,
    json: {
      ...{ ok: true, queued: 1 },
      rejected: [
        { id: 'm-2', reason: "Missing 'subject' field" },
        { id: 'm-3', reason: expect.stringContaining('to: ') },
        { id: '', reason: expect.any(String) },
      ],
    },
  });
  const none = await world.post('/messages/add_batch', { messages: [{ ...MAIL, id: 'm-4', account_id: 'nobody' }] });
  expect(none).toMatchObject({
    status: 200,
    json: { ok: false, queued: 0, rejected: [{ id: 'm-4', reason: 'account not found' }] },
  });
});

test.each([1e308, -1, 253_402_300_800])('%s is no time', async (time) => {
  await using world = await openGenro();
  await world.tenant('acme');
  expect((await world.post('/tenant/acme/api-key', { expires_at: time })).status).toBe(422);
  expect((await world.post('/tenants/create_api_key', { tenant_id: 'acme', expires_at: time })).status).toBe(422);
  expect((await world.post('/command_log/purge', { threshold_ts: time })).status).toBe(422);
});

test('a storage stays when it is added anew as what cannot be one', async () => {
  await using world = await openGenro({ GMP_ATTACHMENT_ROOTS: '/srv/mail/{tenant}' });
  await world.tenant('acme');
  const storage = { tenant_id: 'acme', name: 'files', protocol: 'local' };
  await world.post('/storages/add', { ...storage, config: { base_path: '/srv/mail/acme' } });
  expect((await world.post('/storages/add', { ...storage, config: { base_path: '/etc' } })).status).toBe(422);
  expect((await world.get('/storages/get?tenant_id=acme&name=files')).status).toBe(200);
});
