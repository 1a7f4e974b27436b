// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

const EVENTS = '/v1/events?tenant_id=default&after=0&wait=60';

/** Readers that wait, as the metrics tell. */
async function waiting(app: ServedApp): Promise<number> {
  const { body } = await app.engine.metricsText();
  return Number(/^gmp_event_readers_waiting (\d+)$/m.exec(body)?.[1]);
}

test('a reader that waits is answered with the next event, and one that is behind at once', async () => {
  await using relay = await startSmtpSink();
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: relay.host, port: relay.port, tls: 'none' } });
  await app.engine.start();
  const answered = app.call('GET', EVENTS);
  await eventually(async () => (await waiting(app)) === 1);
  const message = { id: 'one', from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'yo' };
  expect((await app.call('POST', '/v1/messages', { json: message })).status).toBe(202);
  const { status, json } = await answered;
  expect([status, json.next]).toEqual([200, null]);
  expect(json.items).toMatchObject([{ message_id: 'one', type: 'sent', seq: 1 }]);
  expect((await app.call('GET', EVENTS)).json).toEqual(json);
  expect((await app.call('GET', '/v1/events?tenant_id=default&after=1&wait=0')).json).toEqual({
    items: [],
    next: null,
  });
  expect(await waiting(app)).toBe(0);
});

test('a reader that wants what comes begins with the last events, in their order', async () => {
  await using relay = await startSmtpSink();
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: relay.host, port: relay.port, tls: 'none' } });
  await app.engine.start();
  expect((await app.call('GET', '/v1/events?tenant_id=default&last=2')).json).toEqual({ items: [], next: null });
  for (const id of ['one', 'two', 'three']) {
    await app.call('POST', '/v1/messages', {
      json: { id, from: 'a@b.c', to: 'b@example.org', subject: 'Hi', text: '' },
    });
  }
  await app.call('GET', '/v1/events?tenant_id=default&after=2&wait=60');
  const { json } = await app.call('GET', '/v1/events?tenant_id=default&last=2');
  expect(json).toMatchObject({ items: [{ seq: 2 }, { seq: 3 }], next: null });
  const both = await app.call('GET', '/v1/events?tenant_id=default&last=2&after=1');
  expect([both.status, both.json.errors[0].pointer]).toEqual([422, '/last']);
});

test('a tenant has so many places to wait, and a client that goes away frees its own', async () => {
  await using app = await serveApp({}, { reports: { maxWaiting: 1 } });
  await app.engine.start();
  const leaving = new AbortController();
  const first = fetch(`${app.url}${EVENTS}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    signal: leaving.signal,
  }).catch(() => 'left');
  await eventually(async () => (await waiting(app)) === 1);
  const refused = await app.call('GET', EVENTS);
  expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([429, 'rate_limited', '1']);
  await app.call('POST', '/v1/tenants', { json: { id: 'other' } });
  expect((await app.call('GET', '/v1/events?tenant_id=other&wait=1')).json).toEqual({ items: [], next: null });
  leaving.abort();
  expect(await first).toBe('left');
  await eventually(async () => (await waiting(app)) === 0);
  expect((await app.call('GET', EVENTS.replace('wait=60', 'wait=1'))).status).toBe(200);
});

test('a server that stops answers its readers', async () => {
  const stopping = new AbortController();
  await using app = await serveApp({ stopping: stopping.signal });
  await app.engine.start();
  const answered = app.call('GET', EVENTS);
  await eventually(async () => (await waiting(app)) === 1);
  stopping.abort();
  expect((await answered).json).toEqual({ items: [], next: null });

  const other = app.call('GET', EVENTS.replace('after=0', 'after=1'));
  expect((await other).status).toBe(200);
});

test('an engine that stops ends the waits of embedders, too', async () => {
  await using app = await serveApp();
  await app.engine.start();
  const answered = app.engine.execute('events.list', { tenant_id: 'default', wait: 60 });
  await eventually(async () => (await waiting(app)) === 1);
  await app.engine.stop();
  expect(await answered).toEqual({ items: [], next: null });
});

test.each(['61', '-1', 'long'])('wait=%s is refused with what was expected', async (wait) => {
  await using app = await serveApp();
  const { status, json } = await app.call('GET', `/v1/events?tenant_id=default&wait=${wait}`);
  expect([status, json.errors?.[0]?.pointer ?? json.problems?.[0]?.pointer]).toEqual([422, '/wait']);
});
