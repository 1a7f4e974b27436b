// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { serveApp } from './served-app.case.ts';

describe('a problem', () => {
  test('is a document with a stable code and the id of the request', async () => {
    await using app = await serveApp();
    const answer = await app.call('GET', '/v1/tenants/nobody', { headers: { 'x-request-id': 'my-own-id.1' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe('my-own-id.1');
    expect(answer.json).toEqual({
      type: 'urn:mail-proxy:error:not_found',
      title: 'There is no such resource',
      status: 404,
      detail: expect.any(String),
      code: 'not_found',
      instance: 'my-own-id.1',
    });
  });

  test('of ours hides what happened and logs it with its stack', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/odd/one/bug');
    expect([answer.status, answer.json.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('swordfish');
    const entry = app.logged.find(({ level }) => level === 'error');
    expect(entry?.fields).toMatchObject({
      requestId: answer.json.instance,
      err: { message: expect.stringContaining('swordfish'), stack: expect.stringContaining('served-app') },
    });
  });

  test('that will pass says when, in whole seconds rounded up', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/odd/one/busy');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(answer.text).not.toContain('10.0.0.7');
  });

  test('of an unknown path is 404, of another method 405 with those that are allowed', async () => {
    await using app = await serveApp();
    const unknown = await app.call('GET', '/v1/nothing', { token: null });
    const method = await app.call('PUT', '/v1/tenants/acme', { token: null });
    expect([unknown.status, unknown.json.code]).toEqual([404, 'not_found']);
    expect([method.status, method.json.code]).toEqual([405, 'method_not_allowed']);
    expect(method.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PATCH');
  });

  test('with a request id that could forge a log line gets another', async () => {
    await using app = await serveApp();
    const answer = await app.call('GET', '/v1/nothing', { headers: { 'x-request-id': 'a b"c' } });
    expect(answer.json.instance).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('answers', () => {
  test('may not be cached, guessed at or framed', async () => {
    await using app = await serveApp();
    for (const path of ['/v1/instance', '/livez', '/v1/nothing']) {
      const { headers } = await app.call('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('to HEAD are those to GET without a body', async () => {
    await using app = await serveApp();
    const answer = await app.call('HEAD', '/v1/instance');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  test('to OPTIONS name the methods and open nothing to other origins', async () => {
    await using app = await serveApp();
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const answer = await app.call('OPTIONS', '/v1/messages', { token: null, headers });
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await app.call('OPTIONS', '/v1/nothing')).status).toBe(404);
  });

  test('of a deletion have no body', async () => {
    await using app = await serveApp();
    await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    const answer = await app.call('DELETE', '/v1/tenants/acme');
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  test('to a message say that it is accepted, and its row in the log of commands names the caller', async () => {
    await using app = await serveApp();
    const account = { id: 'main', host: '127.0.0.1', port: 25 };
    expect((await app.call('POST', '/v1/accounts', { json: account })).status).toBe(201);
    const message = { id: 'm-1', from: 'a@example.net', to: 'b@example.org', subject: 'Hello', text: 'Hi' };
    const accepted = await app.call('POST', '/v1/messages', { json: message });
    expect([accepted.status, accepted.json.id, accepted.json.state]).toEqual([202, 'm-1', 'ready']);
    expect((await app.call('GET', '/v1/messages/m-1')).json.subject).toBe('Hello');
    const log = await app.call('GET', '/v1/command-log');
    expect(log.json.items[0]).toMatchObject({ operation: 'accounts.create', principal: 'admin', origin: '127.0.0.1' });
  });
});

describe('probes', () => {
  test('the process is alive before the engine runs, and ready only then', async () => {
    await using app = await serveApp();
    const noToken = { token: null };
    expect((await app.call('GET', '/livez', noToken)).status).toBe(200);
    expect((await app.call('GET', '/health', noToken)).json).toEqual({ status: 'ok' });
    const before = await app.call('GET', '/readyz', noToken);
    expect([before.status, before.json.reasons.length]).toEqual([503, 1]);
    await app.engine.start();
    await expect.poll(() => app.call('GET', '/readyz', noToken)).toMatchObject({ status: 200 });
  });

  test('a server that stops is alive and not ready, and ends kept connections', async () => {
    await using app = await serveApp({ isStopping: () => true });
    expect((await app.call('GET', '/livez')).status).toBe(200);
    const ready = await app.call('GET', '/readyz');
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
  });
});
