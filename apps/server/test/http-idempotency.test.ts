// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

const mail = (fields: object = {}) => ({
  from: 'a@example.net',
  to: 'b@example.org',
  subject: 'Hi',
  text: 'yo',
  ...fields,
});
const withKey = (key: string) => ({ 'idempotency-key': key });

async function open(): Promise<ServedApp> {
  const app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' } });
  return app;
}

async function countOf(app: ServedApp): Promise<number> {
  return (await app.call('GET', '/v1/messages')).json.items.length;
}

test('a request that comes again with its key is answered as before, and says so', async () => {
  await using app = await open();
  const first = await app.call('POST', '/v1/messages', { json: mail(), headers: withKey('k1') });
  const second = await app.call('POST', '/v1/messages', { json: mail(), headers: withKey('k1') });
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.text).toBe(first.text);
  expect([first, second].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  const other = await app.call('POST', '/v1/messages', { json: mail({ text: 'ho' }), headers: withKey('k1') });
  expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  expect(await countOf(app)).toBe(1);
});

test('an id that is taken is refused as before, too', async () => {
  await using app = await open();
  await app.call('POST', '/v1/messages', { json: mail({ id: 'one' }) });
  const call = () =>
    app.call('POST', '/v1/messages', { json: mail({ id: 'one', text: 'ho' }), headers: withKey('k1') });
  const [first, second] = [await call(), await call()];
  expect([first.status, second.status, second.json.code]).toEqual([409, 409, 'duplicate_id']);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(second.json).toMatchObject({ state: 'ready', detail: first.json.detail });
});

test('a form and a complete message are the same request with the same bytes alone', async () => {
  await using app = await open();
  const form = (bytes: string): FormData => {
    const data = new FormData();
    data.set('message', JSON.stringify(mail()));
    data.set('file', new Blob([bytes]), 'a.txt');
    return data;
  };
  const post = (body: string | FormData, key: string, type?: string) =>
    app.call('POST', '/v1/messages', {
      body,
      headers: { ...withKey(key), ...(type === undefined ? {} : { 'content-type': type }) },
    });
  const large = 'x'.repeat(400_000);
  for (const [one, another] of [
    [form('small'), form('other')],
    [form(large), form(`${large}y`)],
  ] as const) {
    const key = `form-${JSON.stringify(await new Response(one).text()).length}`;
    expect((await post(one, key)).status).toBe(202);
    expect((await post(one, key)).headers.get('idempotent-replayed')).toBe('true');
    expect((await post(another, key)).json.code).toBe('idempotency_key_reused');
  }
  const raw = (text: string): string => `From: a@example.net\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\n${text}\r\n`;
  expect((await post(raw('yo'), 'raw', 'message/rfc822')).status).toBe(202);
  expect((await post(raw('yo'), 'raw', 'message/rfc822')).headers.get('idempotent-replayed')).toBe('true');
  expect((await post(raw('ho'), 'raw', 'message/rfc822')).json.code).toBe('idempotency_key_reused');
  expect(await countOf(app)).toBe(3);
});

test('a key that is none is refused by its name, and where nothing may be repeated it is not looked at', async () => {
  await using app = await open();
  const answer = await app.call('POST', '/v1/messages', { json: mail(), headers: withKey('a b') });
  expect([answer.status, answer.json.errors]).toEqual([
    422,
    [{ pointer: 'Idempotency-Key', message: 'expected 1 to 255 visible characters of ASCII' }],
  ]);
  const tenant = await app.call('POST', '/v1/tenants', { json: { id: 'acme' }, headers: withKey('a b') });
  expect(tenant.status).toBe(201);
});

test('a connection that is cut before the answer, and the request again, make one message', async () => {
  await using app = await open();
  const body = JSON.stringify({ messages: [mail({ id: 'one' }), mail({ id: 'two' })] });
  const cut = request(`${app.url}/v1/messages/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...withKey('k1') },
  });
  const gone = new Promise((resolve) => cut.once('close', resolve));
  cut.once('error', () => undefined);
  cut.end(body, () => cut.destroy());
  await gone;
  const retry = async () =>
    app.call('POST', '/v1/messages/batch', { body, headers: { 'content-type': 'application/json', ...withKey('k1') } });
  let answer = await retry();
  // As long as the first is being handled.
  while (answer.status === 409) {
    expect([answer.json.code, answer.headers.get('retry-after')]).toEqual(['idempotency_key_in_flight', '1']);
    answer = await retry();
  }
  expect(answer.json).toMatchObject({ accepted: 2, rejected: 0 });
  expect(await countOf(app)).toBe(2);
});
