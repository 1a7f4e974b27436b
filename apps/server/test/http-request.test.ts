// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, serveApp } from './served-app.case.ts';

describe('the body of a request', () => {
  test.each([
    ['cut off', '{"id": "acme"'],
    ['no JSON', 'id=acme'],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
  ])('that is %s is 400 and is not repeated in the answer', async (_, body) => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/tenants', { body, headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.json.code]).toEqual([400, 'malformed_json']);
    expect(answer.text).not.toContain('acme');
  });

  test.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
    ['JSON in another charset', { 'content-type': 'application/json; charset=iso-8859-1' }],
    ['compressed JSON', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('of %s is 415', async (_, headers) => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/tenants', { body: '{"id":"acme"}', headers });
    expect([answer.status, answer.json.code]).toEqual([415, 'unsupported_media_type']);
  });

  test.each(['application/json; charset=UTF-8', 'application/vnd.acme+json', 'APPLICATION/JSON'])(
    'of type %s is taken',
    async (type) => {
      await using app = await serveApp();
      const headers = { 'content-type': type };
      expect((await app.call('POST', '/v1/tenants', { body: '{"id":"acme"}', headers })).status).toBe(201);
    },
  );

  test('that is a list is 422', async () => {
    await using app = await serveApp();
    expect((await app.call('POST', '/v1/tenants', { json: [{ id: 'acme' }] })).status).toBe(422);
  });

  test('may be absent where no field is required', async () => {
    await using app = await serveApp();
    expect((await app.call('POST', '/v1/instance/run-now')).status).toBe(200);
  });

  test('with a GET is refused, not ignored', async () => {
    await using app = await serveApp();
    const answer = await exchange(
      app.url,
      `GET /v1/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\nConnection: close\r\n` +
        'Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{"limit":"1"}',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('malformed_request');
  });
});

test('a client that goes away within its body is no failure of the server', async () => {
  await using app = await serveApp();
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  const head = `POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`;
  const request = `${head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"id":"acme"`;
  await new Promise((resolve) => socket.write(request, resolve));
  socket.destroy();
  await eventually(() => app.logged.some(({ message }) => message === 'request answered'));
  expect(app.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('a body over the limit', () => {
  const maxBodyBytes = 2_000;
  const large = JSON.stringify({ id: 'acme', name: 'x'.repeat(3_000) });

  test('that says so is 413 and changes nothing', async () => {
    await using app = await serveApp({ maxBodyBytes });
    const answer = await app.call('POST', '/v1/tenants', {
      body: large,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.json.code, answer.json.max_bytes]).toEqual([413, 'body_too_large', maxBodyBytes]);
    expect((await app.call('GET', '/v1/tenants/acme')).status).toBe(404);
  });

  test('in chunks is 413 and changes nothing', async () => {
    await using app = await serveApp({ maxBodyBytes });
    const answer = await app.call('POST', '/v1/tenants', {
      body: chunked(large, 500),
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.json.code]).toEqual([413, 'body_too_large']);
    expect((await app.call('GET', '/v1/tenants/acme')).status).toBe(404);
  });

  test('in chunks without end is answered', async () => {
    await using app = await serveApp({ maxBodyBytes });
    const head =
      `POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await exchange(app.url, `${head}1388\r\n${'x'.repeat(5_000)}\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('that asks before it is sent is not encouraged', async () => {
    await using app = await serveApp({ maxBodyBytes });
    const head =
      `POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
      'Content-Type: application/json\r\nExpect: 100-continue\r\n';
    expect(await exchange(app.url, `${head}Content-Length: 5000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('in chunks below the limit is taken', async () => {
    await using app = await serveApp({ maxBodyBytes });
    const body = chunked(JSON.stringify({ id: 'acme', name: 'Acme' }), 5);
    const headers = { 'content-type': 'application/json' };
    expect((await app.call('POST', '/v1/tenants', { body, headers })).status).toBe(201);
  });
});

describe('fields', () => {
  test('come from path, query and body together', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/odd/a%2Fb%20%C3%A9?note=from%20query', { json: { tags: ['x'] } });
    expect(answer.json).toEqual({ thing_id: 'a/b é', note: 'from query', tags: ['x'] });
  });

  test('that body and path both give must agree', async () => {
    await using app = await serveApp();
    expect((await app.call('POST', '/v1/odd/one', { json: { thing_id: 'one' } })).status).toBe(200);
    const answer = await app.call('POST', '/v1/odd/one', { json: { thing_id: 'two' } });
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, '/thing_id']);
  });

  test('given several times in the query are a list', async () => {
    await using app = await serveApp();
    expect((await app.call('GET', '/v1/odd/one?tags=a&tags=b')).json.tags).toEqual(['a', 'b']);
  });

  test('that are unknown are named, in the query as in the body', async () => {
    await using app = await serveApp();
    const query = await app.call('GET', '/v1/tenants?limmit=3');
    const body = await app.call('POST', '/v1/tenants', { json: { id: 'acme', nmae: 'Acme' } });
    expect([query.status, query.json.errors]).toEqual([422, [{ pointer: '/limmit', message: 'unknown field' }]]);
    expect([body.status, body.json.errors]).toEqual([422, [{ pointer: '/nmae', message: 'unknown field' }]]);
  });

  test('that fail are all named by pointer, and what was sent is not repeated', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/accounts', {
      json: { id: '', host: 'h', port: 'swordfish', password: 7 },
    });
    expect(answer.status).toBe(422);
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
      expect.arrayContaining(['/id', '/port', '/password']),
    );
    expect(answer.text).not.toContain('swordfish');
  });

  test.each(['{"__proto__":{"polluted":1},"id":"a"}', '{"headers":{"\\u005f_proto__":{"polluted":1}}}'])(
    'named __proto__ are refused: %s',
    async (body) => {
      await using app = await serveApp();
      const answer = await app.call('POST', '/v1/odd/one', { body, headers: { 'content-type': 'application/json' } });
      expect(answer.status).toBe(422);
      expect(answer.json.errors[0].pointer).toMatch(/__proto__$/);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );
});

test('a literal path wins over a parameter, whichever operation came first', async () => {
  await using app = await serveApp();
  expect((await app.call('POST', '/v1/odd/literal')).json).toBe('literal');
});

function chunked(body: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** Send exactly these bytes and read until the server closes the connection. */
async function exchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return text(socket);
}
