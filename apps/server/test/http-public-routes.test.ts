// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createMailEngine, defineMixin, MailProxyError, type Mixin, type PublicRoute } from '@mail-proxy/core';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { createHttpApp } from '../src/http/app.ts';
import { type CallOptions, type ServedApp, serveApp } from './served-app.case.ts';

type Handle = PublicRoute['handle'];

/** Serve a mixin that answers on one path. */
async function served(handle: Handle, options: { path?: string; maxOpen?: number; maxOpenPerClient?: number } = {}) {
  const { path = '/files/{token}/{name}', maxOpen = 10, maxOpenPerClient = 10 } = options;
  return serveApp({ publicRoutes: { maxOpen, maxOpenPerClient } }, {}, [routed(path, handle)]);
}

function routed(path: string, handle: Handle): Mixin {
  return defineMixin({ id: 'routed', contract: 1, setup: () => ({ routes: [{ path, handle }] }) });
}

function get(app: ServedApp, path: string, options: CallOptions = {}) {
  return app.call('GET', path, { token: null, ...options });
}

/** Gives the same for as long as it is asked. */
function endless(told: { isLetGo?: boolean } = {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(Buffer.alloc(16_384, 'x')),
    cancel() {
      told.isLetGo = true;
    },
  });
}

describe('a path that a mixin serves to anybody', () => {
  test('is answered without a token, with the headers of all answers under its own', async () => {
    await using app = await served(async (request, params) => {
      const body = JSON.stringify({ ...params, method: request.method, q: new URL(request.url).searchParams.get('q') });
      return new Response(body, {
        status: 203,
        headers: { 'content-type': 'application/json', 'cache-control': 'private', 'x-own': 'yes' },
      });
    });
    const answer = await get(app, '/files/a.b-c/r%C3%A9sum%C3%A9%2F1%25.pdf?q=1', {
      headers: { 'x-request-id': 'id-1' },
    });
    expect(answer.status).toBe(203);
    expect(answer.json).toEqual({ token: 'a.b-c', name: 'résumé/1%.pdf', method: 'GET', q: '1' });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'private',
      'x-own': 'yes',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-request-id': 'id-1',
    });
  });

  test('answers HEAD as GET without its body, which is let go of', async () => {
    const told: { isLetGo?: boolean } = {};
    const methods: string[] = [];
    await using app = await served(
      async ({ method }) => {
        methods.push(method);
        return new Response(endless(told), { headers: { 'content-length': '123', 'content-type': 'a/b' } });
      },
      { maxOpen: 1 },
    );
    for (const _ of [1, 2]) {
      const answer = await app.call('HEAD', '/files/a/b', { token: null });
      expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([200, '', '123']);
    }
    expect(methods).toEqual(['HEAD', 'HEAD']);
    expect(told.isLetGo).toBe(true);
  });

  test('takes no other method', async () => {
    await using app = await served(async () => new Response('here'));
    const answer = await app.call('POST', '/files/a/b', { token: null });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await get(app, '/files/a')).status).toBe(404);
    expect((await get(app, '/files/a/')).status).toBe(404);
    expect((await get(app, '/files/a/b/c')).status).toBe(404);
  });

  test('answers what it throws as a problem; what is a bug tells nothing', async () => {
    await using app = await served(async (_, { token }) => {
      if (token === 'gone') throw new MailProxyError('gone', { detail: 'it has expired' });
      throw new TypeError('the password is swordfish');
    });
    const gone = await get(app, '/files/gone/b');
    expect([gone.status, gone.json.code, gone.json.detail]).toEqual([410, 'gone', 'it has expired']);
    const bug = await get(app, '/files/opensesame/b');
    expect([bug.status, bug.json.code]).toEqual([500, 'internal']);
    expect(bug.text).not.toContain('swordfish');
    // Nor does the log say what opens something.
    expect(app.logged.some(({ fields }) => 'err' in fields)).toBe(true);
    expect(JSON.stringify(app.logged)).not.toContain('opensesame');
    expect(
      app.logged.filter(({ message }) => message === 'request answered').map(({ fields }) => fields),
    ).toMatchObject([
      { path: '/files/{token}/{name}', status: 410 },
      { path: '/files/{token}/{name}', status: 500 },
    ]);
  });

  test('that has another use keeps the server from starting', async () => {
    for (const path of ['/metrics', '/docs', '/livez']) {
      await using engine = await createMailEngine({
        config: { database: ':memory:' },
        mixins: [routed(path, async () => new Response())],
      });
      expect(() => createHttpApp(engine)).toThrow(`another use for the route ${path}`);
    }
  });
});

describe('an answer under way', () => {
  test('lets go of what it comes from, and leaves its place, when the client hangs up', async () => {
    const told: { isLetGo?: boolean } = {};
    await using app = await served(async () => new Response(endless(told)), { maxOpen: 1 });
    await hangUpAfterTheFirstBytes(app, '/files/a/b');
    await eventually(async () => expect(told.isLetGo).toBe(true));
    told.isLetGo = false;
    await hangUpAfterTheFirstBytes(app, '/files/a/b');
    await eventually(async () => expect(told.isLetGo).toBe(true));
  });

  test('whose client hangs up before there is a body tells its handler', async () => {
    const asked = Promise.withResolvers<Request>();
    const told: { isLetGo?: boolean } = {};
    await using app = await served(
      async (request) => {
        asked.resolve(request);
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        return new Response(endless(told));
      },
      { maxOpen: 1 },
    );
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /files/a/b HTTP/1.1\r\nHost: x.example\r\n\r\n');
    await asked.promise;
    socket.destroy();
    await eventually(async () => expect(told.isLetGo).toBe(true));
  });

  test('whose client hangs up while it is waited for is no failure', async () => {
    const asked = Promise.withResolvers<void>();
    await using app = await served(async ({ signal }) => {
      asked.resolve();
      return await new Promise<Response>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /files/a/b HTTP/1.1\r\nHost: x.example\r\n\r\n');
    await asked.promise;
    socket.destroy();
    const answered = () => app.logged.filter(({ message }) => message === 'request answered');
    await eventually(async () => expect(answered()).toHaveLength(1));
    expect(app.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('that breaks is cut short, so that nobody takes it for whole, and the log says why', async () => {
    let pieces = 0;
    await using app = await served(
      async () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              if (pieces++ === 3) throw new Error('the storage broke');
              controller.enqueue(Buffer.alloc(1_000));
            },
          }),
        ),
      { maxOpen: 1 },
    );
    await expect(get(app, '/files/opensesame/b')).rejects.toThrow();
    const entry = app.logged.find(({ level }) => level === 'warn');
    expect(entry?.fields).toMatchObject({ path: '/files/{token}/{name}', err: { message: 'the storage broke' } });
    expect(JSON.stringify(app.logged)).not.toContain('opensesame');
    // Its place is free.
    pieces = 4;
    expect((await app.call('HEAD', '/files/a/b')).status).toBe(200);
  });

  test('counts: of one client and of all there are so many, and other paths go on', async () => {
    const told = {};
    await using app = await served(async () => new Response(endless(told)), { maxOpen: 3, maxOpenPerClient: 2 });
    const open = [await opened(app, '/files/1/b'), await opened(app, '/files/2/b')];
    const refused = await get(app, '/files/3/b');
    expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([429, 'rate_limited', '5']);
    expect((await get(app, '/livez')).status).toBe(200);
    open.pop()?.destroy();
    const again = await eventually(() => opened(app, '/files/4/b'));
    again.destroy();
    open.pop()?.destroy();
  });

  test('is refused above the number of all clients together', async () => {
    await using app = await served(async () => new Response(endless()), { maxOpen: 1, maxOpenPerClient: 2 });
    const first = await opened(app, '/files/1/b');
    expect((await get(app, '/files/2/b')).status).toBe(429);
    first.destroy();
  });
});

/** Begin to take an answer. */
function opened(app: ServedApp, path: string): Promise<{ destroy(): void }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${app.url}${path}`, { agent: false }, (response) => {
      response.on('error', () => undefined);
      if (response.statusCode === 200) response.once('readable', () => resolve(request));
      else {
        request.destroy();
        reject(new Error(`answered ${response.statusCode}`));
      }
    });
    request.on('error', reject);
    request.end();
  });
}

async function hangUpAfterTheFirstBytes(app: ServedApp, path: string): Promise<void> {
  const request = await eventually(() => opened(app, path));
  request.destroy();
}
