// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { type ServedApp, serveApp } from './served-app.case.ts';

const mail = (id: string, fields: object = {}) => ({
  id,
  from: 'a@example.net',
  to: 'b@example.org',
  subject: 'Hi',
  text: 'yo',
  ...fields,
});

async function open(tenant: object, limits: object = {}): Promise<{ readonly app: ServedApp; readonly token: string }> {
  const app = await serveApp({}, { limits });
  const { json } = await app.call('POST', '/v1/tenants', { json: { id: 'acme', ...tenant } });
  const relay = { tenant_id: 'acme', id: 'main', host: '127.0.0.1', port: 1, tls: 'none' };
  await app.call('POST', '/v1/accounts', { json: relay });
  return { app, token: json.api_key };
}

test('a message for which there is no room is refused with 429, in a batch alone, and the tenant sees what it uses', async () => {
  const { app, token } = await open({ max_pending: 3 });
  await using _ = app;
  const post = (json: object, path = '') => app.call('POST', `/v1/messages${path}`, { json, token });
  expect((await post(mail('one'))).status).toBe(202);
  const batch = await post({ messages: ['two', 'three', 'four'].map((id) => mail(id)) }, '/batch');
  expect(batch.json).toMatchObject({ accepted: 2, rejected: 1 });
  const [refused] = batch.json.results.filter(({ status }: { readonly status: string }) => status === 'rejected');
  expect(refused).toMatchObject({ code: 'quota_exceeded', retry_after: 30 });
  const answer = await post(mail('five'));
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30']);
  expect(answer.json).toMatchObject({ code: 'quota_exceeded', quota: 'max_pending', limit: 3 });
  const all = await post({ messages: [mail('six'), mail('seven')] }, '/batch');
  expect([all.status, all.json.accepted, all.headers.get('retry-after')]).toEqual([202, 0, '30']);
  const usage = await app.call('GET', '/v1/tenants/acme/usage', { token });
  expect(usage.json).toEqual({ pending: 3, bytes: expect.any(Number), max_pending: 3, max_bytes: null });
  const metrics = await app.call('GET', '/metrics');
  expect(metrics.text).toContain('gmp_quota_refused_total{quota="max_pending"} 4');
  await app.call('POST', '/v1/messages/one/cancel', { token });
  await expect.poll(async () => (await post(mail('eight'))).status).toBe(202);
});

test('bytes are those of what is said and attached, by the server where the tenant says nothing', async () => {
  const { app, token } = await open({}, { maxBytes: 100_000 });
  await using _ = app;
  const content = `base64:${Buffer.alloc(60_000).toString('base64')}`;
  const attachments = [{ filename: 'a.bin', storage_path: content }];
  const post = (id: string, json: object = {}) => app.call('POST', '/v1/messages', { json: mail(id, json), token });
  expect((await post('one', { attachments })).status).toBe(202);
  expect((await post('two', { attachments })).json).toMatchObject({ code: 'quota_exceeded', quota: 'max_bytes' });
  expect((await post('three')).status).toBe(202);
  const usage = (await app.call('GET', '/v1/tenants/acme/usage')).json;
  expect(usage.max_bytes).toBe(100_000);
  expect(usage.pending).toBe(2);
  expect(usage.bytes).toBeGreaterThan(60_000);
  expect(usage.bytes).toBeLessThan(62_000);
});

test('an upload is cut off where it goes beyond the room, however many come at once, and leaves nothing behind', async () => {
  const { app, token } = await open({ max_bytes: 3_000_000 });
  await using _ = app;
  const upload = (id: string) => {
    const form = new FormData();
    form.set('message', JSON.stringify(mail(id)));
    form.set('file', new Blob([new Uint8Array(2_000_000)]), 'a.bin');
    // Who is answered while it sends may see its connection end instead.
    return app.call('POST', '/v1/messages', { body: form, token }).then(
      ({ status }) => status,
      () => 'cut',
    );
  };
  const answers = await Promise.all(['one', 'two', 'three', 'four'].map(upload));
  expect(answers.filter((status) => status === 202).length).toBeLessThanOrEqual(1);
  expect(answers.filter((status) => status === 429 || status === 'cut').length).toBeGreaterThanOrEqual(3);
  const { body } = await app.engine.metricsText();
  expect(Number(/gmp_quota_refused_total\{quota="max_bytes"\} (\d+)/.exec(body)?.[1])).toBeGreaterThanOrEqual(3);
  const filter = { state: 'ready' };
  await app.engine.execute('messages.bulk', { tenant_id: 'acme', action: 'cancel', filter });
  await expect.poll(() => upload('five')).toBe(202);
});
