// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { type ServedApp, serveApp } from './served-app.case.ts';

const RELAY = { id: 'main', host: '127.0.0.1', port: 1, is_default: true };
const mail = (more: object = {}) => ({
  from: 'a@shop.example',
  to: 'b@example.org',
  subject: 'An invoice',
  text: 'Hi',
  ...more,
});

async function addKey(app: ServedApp, json: object = {}): Promise<{ readonly id: string; readonly token: string }> {
  const { status, json: made } = await app.call('POST', '/v1/tenants/default/api-keys', { json });
  expect(status).toBe(201);
  return { id: made.id, token: made.api_key };
}

test('one tenant needs none of it: mail is posted with the token of the first start alone, and sent', async () => {
  await using app = await serveApp();
  await using sink = await startSmtpSink();
  await app.engine.start();
  const relay = { ...RELAY, port: sink.port, tls: 'none' };
  expect((await app.call('POST', '/v1/accounts', { json: relay })).json.tenant_id).toBe('default');
  const posted = await app.call('POST', '/v1/messages', { json: mail() });
  expect([posted.status, posted.json.tenant_id]).toEqual([202, 'default']);
  await sink.waitFor(1);
});

describe('a key for some senders', () => {
  test('posts from them, in From and in the envelope, and is told which field is wrong', async () => {
    await using app = await serveApp();
    await app.call('POST', '/v1/accounts', { json: RELAY });
    const { token } = await addKey(app, { senders: ['shop.example', 'info@other.example'] });
    const post = async (json: object) => {
      const answer = await app.call('POST', '/v1/messages', { token, json });
      return [answer.status, answer.json.errors?.[0].pointer ?? ''].join(' ').trim();
    };
    expect(await post(mail())).toBe('202');
    expect(await post(mail({ from: 'The Shop <Orders@SHOP.example>' }))).toBe('202');
    expect(await post(mail({ from: 'info@other.example' }))).toBe('202');
    expect(await post(mail({ return_path: '' }))).toBe('202');
    expect(await post(mail({ from: 'sales@other.example' }))).toBe('403 /from');
    expect(await post(mail({ from: 'a@sub.shop.example' }))).toBe('403 /from');
    expect(await post(mail({ return_path: 'a@evil.example' }))).toBe('403 /return_path');
  });

  test('of a batch posts those messages that are from them', async () => {
    await using app = await serveApp();
    await app.call('POST', '/v1/accounts', { json: RELAY });
    const { token } = await addKey(app, { senders: ['shop.example'] });
    const messages = [mail(), mail({ from: 'x@evil.example' })];
    const { json } = await app.call('POST', '/v1/messages/batch', { token, json: { messages } });
    expect(json).toMatchObject({
      accepted: 1,
      rejected: 1,
      results: [
        { status: 'accepted' },
        { status: 'rejected', code: 'forbidden', problems: [{ pointer: '/messages/1/from' }] },
      ],
    });
  });
});

test('what a message says is shown with messages:content only', async () => {
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: RELAY });
  const { json } = await app.call('POST', '/v1/messages', { json: mail() });
  const path = `/v1/messages/${json.pk}`;
  const reading = await addKey(app, { scopes: ['messages:read'] });
  const both = await addKey(app, { scopes: ['messages:read', 'messages:content'] });
  const shown = await app.call('GET', path, { token: reading.token });
  expect(shown.json).toMatchObject({ subject: null, from: 'a@shop.example', state: 'ready' });
  expect(shown.text).not.toContain('An invoice');
  expect((await app.call('GET', path, { token: both.token })).json.subject).toBe('An invoice');
});

test('a test key posts to a sandbox, and sees nothing else', async () => {
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: RELAY });
  const { token } = await addKey(app, { mode: 'test' });
  const refused = await app.call('POST', '/v1/messages', { token, json: mail() });
  expect([refused.status, refused.json.code]).toEqual([422, 'no_default_account']);
  expect(refused.json.detail).toContain('sandbox');
  await app.call('POST', '/v1/accounts', { json: { id: 'box', type: 'sandbox' } });
  await app.call('POST', '/v1/messages', { json: mail() });
  const posted = await app.call('POST', '/v1/messages', { token, json: mail() });
  expect([posted.status, posted.json.account_id]).toEqual([202, 'box']);
  expect((await app.call('GET', '/v1/messages', { token })).json.items).toMatchObject([{ pk: posted.json.pk }]);
  expect((await app.call('GET', '/v1/messages')).json.items).toHaveLength(2);
  const events = await app.call('GET', '/v1/events', { token });
  expect([events.status, events.json.detail]).toEqual([403, 'a test key reaches sandboxes and their mail only']);
});

test('a key over its rate is told when to come again', async () => {
  await using app = await serveApp();
  const { token } = await addKey(app, { rate_per_minute: 2 });
  const statuses: number[] = [];
  for (let n = 0; n < 2; n++) statuses.push((await app.call('GET', '/v1/messages', { token })).status);
  expect(statuses).toEqual([200, 200]);
  const limited = await app.call('GET', '/v1/messages', { token });
  expect([limited.status, limited.json.code]).toEqual([429, 'rate_limited']);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(limited.headers.get('ratelimit-policy')).toBe('"key";q=2;w=60');
});

test('a tenant manages its keys itself: makes, lists, rotates and revokes them', async () => {
  await using app = await serveApp();
  const { token } = await addKey(app, { scopes: ['keys:*', 'messages:read'] });
  const own = (method: string, path: string, json?: object) =>
    app.call(method, `/v1/tenants/default/api-keys${path}`, { token, ...(json === undefined ? {} : { json }) });
  const made = await own('POST', '', { label: 'mine' });
  expect(made.json).toMatchObject({ label: 'mine', scopes: ['keys:*', 'messages:read'] });
  const rotated = await own('POST', `/${made.json.id}/rotate`, { overlap_seconds: 0 });
  expect(rotated.status).toBe(201);
  expect((await app.call('GET', '/v1/messages', { token: made.json.api_key })).status).toBe(401);
  expect((await app.call('GET', '/v1/messages', { token: rotated.json.api_key })).status).toBe(200);
  expect((await own('DELETE', `/${rotated.json.id}`)).status).toBe(204);
  expect((await app.call('GET', '/v1/messages', { token: rotated.json.api_key })).status).toBe(401);
  expect((await own('GET', '')).json.items).toHaveLength(3);
});

describe('the command log', () => {
  test('has who was not let in, once for each kind, with how often', async () => {
    await using app = await serveApp();
    const { id, token } = await addKey(app, { scopes: ['messages:read'] });
    for (let n = 0; n < 3; n++) await app.call('GET', '/v1/accounts', { token });
    for (let n = 0; n < 5; n++) await app.call('GET', '/v1/accounts', { token: `guess-${n}` });
    await app.call('GET', '/v1/tenants', { token });
    const { json } = await app.call('GET', '/v1/command-log?outcome=forbidden');
    expect(json.items).toHaveLength(2);
    expect(json.items).toContainEqual(
      expect.objectContaining({
        operation: 'accounts.list',
        tenant_id: 'default',
        principal: `key ${id}`,
        origin: '127.0.0.1',
        input: expect.objectContaining({ reason: 'this key lacks the scope accounts:read', attempts: 3 }),
      }),
    );
    const guessed = await app.call('GET', '/v1/command-log?operation=authentication');
    expect(guessed.json.items).toMatchObject([
      {
        tenant_id: null,
        principal: 'unknown',
        outcome: 'unauthenticated',
        input: { reason: 'unknown token', attempts: 5 },
      },
    ]);
    expect(guessed.text).not.toContain('guess-');
  });

  test('says who made a key and not which', async () => {
    await using app = await serveApp();
    const { token } = await addKey(app, { label: 'shop' });
    const { json, text } = await app.call('GET', '/v1/command-log?operation=api-keys.create');
    expect(json.items).toMatchObject([
      { principal: 'admin', tenant_id: 'default', outcome: 'ok', input: { label: 'shop' } },
    ]);
    expect(text).not.toContain(token);
  });

  test('is exported as lines of JSON, to a tenant its own', async () => {
    await using app = await serveApp();
    await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    const { token } = await addKey(app, { scopes: ['audit:read'] });
    const exported = await app.call('GET', '/v1/command-log/export');
    expect(exported.headers.get('content-type')).toBe('application/x-ndjson');
    const linesOf = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).operation);
    expect(linesOf(exported.text)).toEqual(['tenants.create', 'api-keys.create']);
    expect(linesOf((await app.call('GET', '/v1/command-log/export', { token })).text)).toEqual(['api-keys.create']);
  });
});

test('when a key was last used is kept over a restart, though no request waited for that', async () => {
  using dir = tempDir();
  const config = { database: `${dir.path}/mail.db` };
  let id: string;
  {
    await using app = await serveApp({}, config);
    const key = await addKey(app);
    id = key.id;
    expect((await app.call('GET', '/v1/messages', { token: key.token })).status).toBe(200);
    const { json } = await app.call('GET', `/v1/tenants/default/api-keys/${id}`);
    expect(json.last_used_at).toBeNull();
  }
  await using app = await serveApp({}, config);
  const { json } = await app.call('GET', `/v1/tenants/default/api-keys/${id}`);
  expect(json.last_used_at).toMatch(/^\d{4}-/);
});
