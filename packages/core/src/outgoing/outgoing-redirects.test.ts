// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { LIMITS, openHttp, received, startHttp } from './outgoing-world.case.ts';

type Received = Awaited<ReturnType<typeof received>>;

/** Two origins: each path answers with what came, and /to?STATUS&URL sends there. */
async function startOrigins() {
  const seen: (Received & { readonly at: string | undefined })[] = [];
  const start = () =>
    startHttp(async (request, response) => {
      const got = await received(request);
      seen.push({ ...got, at: request.headers.host });
      const [, status, to] = /^\/to\?(\d+)&(.*)$/.exec(got.path ?? '') ?? [];
      if (to === undefined) response.end('arrived');
      else response.writeHead(Number(status), { location: decodeURIComponent(to) }).end();
    });
  const [first, second] = [await start(), await start()];
  return {
    seen,
    home: `http://home.example:${first.port}`,
    other: `http://other.example:${second.port}`,
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

const to = (url: string, status = 302): string => `/to?${status}&${encodeURIComponent(url)}`;
const following = { ...LIMITS, maxRedirects: 3 } as const;

describe('a redirect', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    '//169.254.169.254/',
    'http://meta.example/',
  ])('to %s is refused, whatever allowed the first address', async (target) => {
    await using origins = await startOrigins();
    await using client = openHttp({ allowedHosts: ['home.example'] }, (host) =>
      host === 'home.example' ? '127.0.0.1' : '169.254.169.254',
    );
    await expect(client.http.fetchAll({ ...following, url: origins.home + to(target) })).rejects.toMatchObject({
      code: 'address_not_allowed',
      message: expect.stringMatching('the address of a metadata service'),
    });
  });

  test('to a port of this machine, another scheme, credentials or nothing that is a URL is refused', async () => {
    await using origins = await startOrigins();
    await using client = openHttp({ allowedHosts: ['home.example'] });
    for (const target of [
      'http://127.0.0.1:1/',
      'file:///etc/passwd',
      'http://a:b@home.example/',
      'http://[',
      'http://h\\@x',
    ]) {
      const call = client.http.fetchAll({ ...following, url: origins.home + to(target) });
      await expect(call).rejects.toMatchObject({ code: 'address_not_allowed' });
    }
    expect(origins.seen).toHaveLength(5);
  });

  test('to another origin takes no credentials along, and none comes back with the way back', async () => {
    await using origins = await startOrigins();
    await using client = openHttp();
    const { status } = await client.http.fetchAll({
      ...following,
      url: origins.home + to(origins.other + to(`${origins.home}/end`)),
      headers: { Cookie: 'a=b', 'x-plain': 'yes' },
      credentials: { origin: origins.home, headers: { authorization: 'Bearer token', 'x-key': 'secret' } },
    });
    expect(status).toBe(200);
    const [first, second, third] = origins.seen.map(({ headers }) => headers);
    expect(first).toMatchObject({ authorization: 'Bearer token', 'x-key': 'secret', cookie: 'a=b' });
    for (const headers of [second, third]) {
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('x-key');
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).toMatchObject({ 'x-plain': 'yes' });
    }
  });

  test('within the origin keeps them', async () => {
    await using origins = await startOrigins();
    await using client = openHttp();
    await client.http.fetchAll({
      ...following,
      url: origins.home + to('/end', 307),
      credentials: { origin: `${origins.home}/`, headers: { authorization: 'Bearer token' } },
    });
    expect(origins.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer token', 'Bearer token']);
  });

  test('credentials of another origin are not sent at all', async () => {
    await using origins = await startOrigins();
    await using client = openHttp();
    const credentials = { origin: origins.other, headers: { authorization: 'Bearer token' } };
    await client.http.fetchAll({ ...following, url: origins.home + to(`${origins.other}/end`), credentials });
    expect(origins.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test.each([301, 302, 303])('%i makes a POST a GET without its body', async (status) => {
    await using origins = await startOrigins();
    await using client = openHttp();
    const url = origins.home + to(`${origins.other}/end`, status);
    await client.http.fetchAll({
      ...following,
      method: 'POST',
      url,
      headers: { 'content-type': 'text/plain' },
      body: 'private',
    });
    expect(origins.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'private'],
      ['GET', ''],
    ]);
    expect(origins.seen[1]?.headers).not.toHaveProperty('content-type');
  });

  test.each([307, 308])('%i sends a POST again within its origin, and never to another', async (status) => {
    await using origins = await startOrigins();
    await using client = openHttp();
    const post = { ...following, method: 'POST', body: 'private' } as const;
    await client.http.fetchAll({ ...post, url: origins.home + to('/end', status) });
    expect(origins.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'private'],
      ['POST', 'private'],
    ]);
    const call = client.http.fetchAll({ ...post, url: origins.home + to(`${origins.other}/end`, status) });
    await expect(call).rejects.toMatchObject({ extra: { kind: 'redirects', temporary: false } });
    expect(origins.seen.filter(({ at }) => at === new URL(origins.other).host)).toEqual([]);
  });

  test('one too many, or in a circle, fails', async () => {
    await using origins = await startOrigins();
    await using client = openHttp();
    const last = origins.home + to(origins.home + to('/end'));
    expect((await client.http.fetchAll({ ...following, maxRedirects: 2, url: last })).status).toBe(200);
    await expect(client.http.fetchAll({ ...following, maxRedirects: 1, url: last })).rejects.toMatchObject({
      message: 'it was redirected more often than 1 times',
      extra: { kind: 'redirects', temporary: false },
    });
  });
});
