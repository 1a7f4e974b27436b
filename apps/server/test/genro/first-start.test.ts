// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { isEnterprise, openGenro } from './genro-world.case.ts';

test('tenants that name no endpoint are told at the one that the variables name', async () => {
  await using endpoint = await startReportReceiver();
  await using sink = await startSmtpSink();
  await using world = await openGenro({
    GMP_CLIENT_SYNC_URL: `${endpoint.url}/proxy/sync?app=1`,
    GMP_CLIENT_SYNC_TOKEN: 'tok-5e5e',
    GMP_DEFAULT_PRIORITY: 'high',
  });
  await world.tenant('acme', [sink]);
  expect((await world.get('/tenant/default')).json).toMatchObject({ client_base_url: endpoint.url });
  await world.add('acme', [{ id: 'm-1' }, { id: 'm-2', priority: 3 }]);
  expect(await world.records('acme')).toMatchObject({ 'm-1': { priority: 1 }, 'm-2': { priority: 3 } });
  await endpoint.waitForReports(2);
  expect(endpoint.requests[0]).toMatchObject({
    path: '/proxy/sync?app=1',
    headers: { authorization: 'Bearer tok-5e5e' },
  });
  // Said again it keeps it; one of its own is its own.
  await world.post('/tenant', { id: 'acme' });
  expect((await world.get('/tenant/acme')).json).toMatchObject({ client_base_url: endpoint.url });
  await world.post('/tenant', { id: 'acme', client_base_url: 'http://own.example' });
  expect((await world.get('/tenant/acme')).json).toMatchObject({ client_base_url: 'http://own.example' });
});

test('the mailbox of bounces may come from the variables, until there is one', async (context) => {
  if (!(await isEnterprise())) context.skip('the enterprise package is not installed');
  await using world = await openGenro({
    ...{ GMP_BOUNCE_ENABLED: 'false', GMP_BOUNCE_IMAP_HOST: '127.0.0.1', GMP_BOUNCE_IMAP_PORT: '1143' },
    ...{ GMP_BOUNCE_IMAP_USER: 'bounces', GMP_BOUNCE_IMAP_PASSWORD: 'pw', GMP_BOUNCE_IMAP_SSL: 'false' },
  });
  expect((await world.get('/instance')).json).toMatchObject({
    ...{ bounce_enabled: false, bounce_imap_host: '127.0.0.1', bounce_imap_port: 1143, bounce_imap_user: 'bounces' },
    ...{ bounce_imap_ssl: false, bounce_poll_interval: 60 },
  });
});

test('nothing keeps a tenant of old calls from writing to an address again that failed', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink({ onRcpt: () => ({ code: 550, text: '5.1.1 no such user' }) });
  for (const id of ['default', 'acme']) {
    await world.tenant(id, [sink]);
    await world.add(id, [{ id: 'm-1' }]);
    await eventually(async () => expect(await world.states(id)).toEqual({ 'm-1': 'error' }));
    expect((await world.add(id, [{ id: 'm-2' }])).json).toMatchObject({ queued: 1, rejected: [] });
    expect((await world.get(`/v1/suppressions?tenant_id=${id}`)).json.items).toEqual([]);
  }
});
