// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { LIMITS, openHttp, received, startHttp, startRaw } from './outgoing-world.case.ts';

describe('where a call goes', () => {
  test('a private address is refused by default, and nothing is connected to', async () => {
    await using server = await startHttp((_, response) => response.end());
    await using client = openHttp({});
    for (const host of ['127.0.0.1', 'app.example', '[::ffff:127.0.0.1]', '2130706433']) {
      const call = client.http.fetchAll({ ...LIMITS, url: `http://${host}:${server.port}/` });
      await expect(call).rejects.toMatchObject({ code: 'address_not_allowed', message: /loopback address/ });
    }
    expect(server.connections()).toBe(0);
    expect(client.asked).toEqual(['app.example']);
  });

  test('one private address among public ones refuses the name', async () => {
    await using client = openHttp({}, () => ['1.1.1.1', '2606:4700::1111', '10.0.0.5']);
    const call = client.http.fetchAll({ ...LIMITS, url: 'http://mixed.example/' });
    await expect(call).rejects.toThrow('mixed.example resolves to 10.0.0.5, which is a private address');
  });

  test('a name that turns to another address after it was checked changes nothing for the connection', async () => {
    await using server = await startHttp((request, response) => response.end(request.headers.host));
    await using client = openHttp({ allowedHosts: ['127.0.0.1'] }, (_, nth) => (nth === 1 ? '127.0.0.1' : '10.0.0.5'));
    const url = `http://rebinding.example:${server.port}/`;
    const { body } = await client.http.fetchAll({ ...LIMITS, url });
    expect(Buffer.from(body).toString()).toBe(`rebinding.example:${server.port}`);
    expect(client.asked).toEqual(['rebinding.example']);
  });

  test('a new connection is checked anew', async () => {
    await using server = await startHttp((_, response) => response.setHeader('connection', 'close').end());
    await using client = openHttp({ allowedHosts: ['127.0.0.1'] }, (_, nth) => (nth === 1 ? '127.0.0.1' : '10.0.0.5'));
    const url = `http://rebinding.example:${server.port}/`;
    await client.http.fetchAll({ ...LIMITS, url });
    await expect(client.http.fetchAll({ ...LIMITS, url })).rejects.toThrow('resolves to 10.0.0.5');
    expect(server.connections()).toBe(1);
  });

  test("a connection that one tenant's policy allowed is no other's", async () => {
    await using server = await startHttp((_, response) => response.end('in'));
    await using client = openHttp({});
    const url = `http://app.example:${server.port}/`;
    const policy = { allowedHosts: ['app.example'] };
    expect((await client.http.fetchAll({ ...LIMITS, url, policy })).status).toBe(200);
    await expect(client.http.fetchAll({ ...LIMITS, url })).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect(server.connections()).toBe(1);
  });

  test('headers cannot name another host', async () => {
    await using server = await startHttp((request, response) => response.end(request.headers.host));
    await using client = openHttp();
    const url = `http://app.example:${server.port}/`;
    const { body } = await client.http.fetchAll({ ...LIMITS, url, headers: { Host: 'other.example' } });
    expect(Buffer.from(body).toString()).toBe(`app.example:${server.port}`);
  });
});

describe('what a call brings', () => {
  test('status, headers and body, also of a redirect that is not to be followed', async () => {
    await using server = await startHttp(async (request, response) => {
      const got = await received(request);
      response.writeHead(302, { location: '/other', 'x-several': ['a', 'b'] }).end(JSON.stringify(got));
    });
    await using client = openHttp();
    const answer = await client.http.fetchAll({
      ...LIMITS,
      method: 'POST',
      url: `http://app.example:${server.port}/path?q=1`,
      headers: { 'Content-Type': 'text/plain' },
      credentials: { origin: `http://app.example:${server.port}`, headers: { authorization: 'Bearer token' } },
      body: 'hello',
    });
    expect(answer).toMatchObject({ status: 302, headers: { location: '/other', 'x-several': 'a, b' } });
    expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({
      method: 'POST',
      path: '/path?q=1',
      headers: { authorization: 'Bearer token', 'content-type': 'text/plain', 'user-agent': 'mail-proxy' },
      body: 'hello',
    });
  });

  test('a body that is not read to its end gives the connection back', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp((_, response) => {
      response.on('close', closed.resolve).write('begin');
    });
    await using client = openHttp();
    const { body } = await client.http.request({ ...LIMITS, url: `http://app.example:${server.port}/` });
    for await (const chunk of body) {
      expect(Buffer.from(chunk).toString()).toBe('begin');
      break;
    }
    await closed.promise;
  });
});

describe('a call that fails says how', () => {
  test('nobody listens', async () => {
    await using client = openHttp();
    await expect(client.http.fetchAll({ ...LIMITS, url: 'http://app.example:1/' })).rejects.toMatchObject({
      code: 'outgoing_failed',
      message: 'the connection failed: ECONNREFUSED',
      extra: { kind: 'connect', temporary: true },
    });
  });

  test('the name has no address', async () => {
    await using client = openHttp({}, () => []);
    await expect(client.http.fetchAll({ ...LIMITS, url: 'http://app.example/' })).rejects.toMatchObject({
      extra: { kind: 'dns', temporary: true },
    });
  });

  test('the resolver fails', async () => {
    await using client = openHttp({}, () => {
      throw Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' });
    });
    await expect(client.http.fetchAll({ ...LIMITS, url: 'http://app.example/' })).rejects.toMatchObject({
      message: 'the name cannot be resolved: EAI_AGAIN',
      extra: { kind: 'dns' },
    });
  });

  test('the server speaks no TLS', async () => {
    await using server = await startRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await using client = openHttp();
    const call = client.http.fetchAll({ ...LIMITS, url: `https://app.example:${server.port}/` });
    await expect(call).rejects.toMatchObject({ extra: { kind: 'tls', temporary: true } });
  });

  test('a header that cannot be sent is not repeated', async () => {
    await using client = openHttp();
    const headers = { authorization: 'Bearer s3cret\r\nx: y' };
    const call = client.http.fetchAll({ ...LIMITS, url: 'http://app.example:1/', headers });
    await expect(call).rejects.toMatchObject({
      message: expect.not.stringContaining('s3cret'),
      extra: { temporary: false },
    });
  });

  test('the caller gives up', async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await startHttp(() => asked.resolve());
    await using client = openHttp();
    const giveUp = new AbortController();
    const url = `http://app.example:${server.port}/`;
    const call = client.http.fetchAll({ ...LIMITS, url, signal: giveUp.signal });
    await asked.promise;
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ message: 'the call was given up', extra: { kind: 'timeout' } });
    await expect(client.http.fetchAll({ ...LIMITS, url, signal: giveUp.signal })).rejects.toThrow('given up');
  });
});
