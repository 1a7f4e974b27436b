// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { openGenro } from './genro-world.case.ts';

test('a tenant is told at its endpoint, in the words of the original', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink({
    onRcpt: (address) => (address.startsWith('gone') ? { code: 550, text: '5.1.1 no such user' } : null),
    onMessage: ({ to }) => (to[0]?.startsWith('busy') === true ? { code: 451, text: '4.3.0 come back' } : null),
  });
  // The stand-in of old clients says nothing but that it heard.
  await using endpoint = await startReportReceiver({ answer: () => ({ raw: 'OK' }) });
  await world.tenant('acme', [sink]);
  await world.put('/tenant/acme', {
    client_base_url: endpoint.url,
    client_sync_path: '/proxy_sync',
    client_auth: { method: 'bearer', token: 'tok-5e5e' },
  });
  await world.add('acme', [
    { id: 'fine' },
    { id: 'gone', to: ['gone@example.com'] },
    { id: 'busy', to: 'busy@example.com' },
  ]);
  await world.runNow('acme');
  for (const id of ['fine', 'gone', 'busy']) await endpoint.waitForReports((report) => report['id'] === id);
  const now = Date.now() / 1_000;
  const of = (id: string) => endpoint.reports.find((report) => report['id'] === id) ?? {};
  expect(of('fine')).toMatchObject({ id: 'fine', sent_ts: expect.any(Number) });
  expect(of('gone')).toMatchObject({
    id: 'gone',
    error_ts: expect.any(Number),
    error: expect.stringContaining('no such user'),
  });
  expect(of('busy')).toMatchObject({
    deferred_ts: expect.any(Number),
    deferred_reason: expect.stringContaining('come back'),
  });
  for (const [id, field] of [
    ['fine', 'sent_ts'],
    ['gone', 'error_ts'],
    ['busy', 'deferred_ts'],
  ] as const) {
    expect(Number.isInteger(of(id)[field])).toBe(true);
    expect(Number(of(id)[field])).toBeLessThanOrEqual(now);
  }
  for (const { method, path, headers, body } of endpoint.requests) {
    expect([method, path, headers.authorization]).toEqual(['POST', '/proxy_sync', 'Bearer tok-5e5e']);
    expect(Object.keys(Object(body))).toContain('delivery_report');
  }
  // It was taken, so that it does not come again.
  const waiting = async () => (await world.get('/v1/tenants/acme/reporting')).json.waiting;
  await eventually(async () => expect(await waiting()).toBe(0));
  const ids = endpoint.reports.map(({ id }) => id);
  expect(ids.toSorted()).toEqual(['busy', 'fine', 'gone']);
});

test('what an endpoint does not take comes again, and it is called where it has nothing to be told', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  let isUp = false;
  await using endpoint = await startReportReceiver({
    answer: () => (isUp ? { json: { ok: true, queued: 0 } } : { json: { ok: false } }),
  });
  await world.tenant('acme', [sink]);
  await world.put('/tenant/acme', { client_base_url: `${endpoint.url}/`, client_auth: { method: 'none' } });
  await world.add('acme', [{ id: 'm-1' }]);
  await endpoint.waitForReports(1);
  isUp = true;
  const before = endpoint.requests.length;
  await world.runNow('acme');
  await endpoint.waitForRequests(before + 1);
  expect(endpoint.requests.at(-1)?.path).toBe('/mail-proxy/sync');
  await eventually(async () => {
    expect((await world.get('/v1/tenants/acme/reporting')).json.waiting).toBe(0);
  });
  // With nothing to tell.
  const calls = endpoint.requests.length;
  await world.runNow('acme');
  await endpoint.waitForRequests(calls + 1);
  expect(endpoint.requests.at(-1)?.body).toMatchObject({ delivery_report: [] });
});
