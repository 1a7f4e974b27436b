// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { received, startHttp, startRaw, type TestServer } from '../../outgoing/outgoing-world.case.ts';
import { type Asked, openAttachments } from '../attachments-world.case.ts';

const at = (url: string): Asked => ({ mode: 'http_url', path: url });
const on = ({ port }: TestServer, rest = '/a.pdf', host = 'files.example'): Asked =>
  at(`http://${host}:${port}${rest}`);

describe('where it may not go', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    '//169.254.169.254/',
    'http://meta.example/',
    'file:///etc/passwd',
  ])('a redirect to %s fails for good', async (target) => {
    await using server = await startHttp((_, response) => response.writeHead(302, { location: target }).end());
    await using world = openAttachments({
      policy: { allowedHosts: ['files.example'] },
      lookup: (host) => (host === 'files.example' ? '127.0.0.1' : '169.254.169.254'),
    });
    expect(await world.failure(on(server))).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
  });

  test('a private address, by number or by name, unless the tenant may', async () => {
    await using server = await startHttp((_, response) => response.end('content'));
    await using world = openAttachments({ policy: {} });
    for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'files.example', 'localhost']) {
      expect(await world.failure(on(server, '/', host))).toMatchObject({
        code: 'not_allowed',
        reason: expect.stringMatching(/^attachment report\.pdf: .*(loopback|this machine)/),
      });
    }
    expect(server.connections()).toBe(0);
    await using allowed = openAttachments({ policy: {}, tenant: { policy: { allowedHosts: ['files.example'] } } });
    expect(await allowed.text(on(server))).toBe('content');
  });

  test('a name that resolves to a private address the second time it is asked', async () => {
    await using server = await startHttp((_, response) => response.setHeader('connection', 'close').end('content'));
    await using world = openAttachments({
      policy: { allowedHosts: ['127.0.0.1'] },
      lookup: (_, nth) => (nth === 1 ? '127.0.0.1' : '10.0.0.5'),
    });
    expect(await world.text(on(server))).toBe('content');
    expect(await world.failure(on(server))).toMatchObject({
      code: 'not_allowed',
      reason: expect.stringContaining('files.example resolves to 10.0.0.5'),
    });
    expect(server.connections()).toBe(1);
  });
});

describe('what fails on the way', () => {
  test('no connection, no address, no TLS: for now', async () => {
    await using server = await startRaw((socket) => socket.end('no TLS\r\n'));
    await using world = openAttachments({ lookup: (host) => (host === 'nowhere.example' ? [] : '127.0.0.1') });
    for (const url of ['http://files.example:1/', 'http://nowhere.example/', `https://files.example:${server.port}/`]) {
      expect(await world.failure(at(url)), url).toMatchObject({ code: 'unavailable', permanence: 'temporary' });
    }
  });

  test('headers that cannot be sent: for good, and they are not repeated', async () => {
    await using server = await startHttp((_, response) => response.end());
    await using world = openAttachments();
    const failure = await world.failure({ ...on(server), auth: { authorization: 'Bearer s3cret\r\nx: y' } });
    expect(failure).toMatchObject({ code: 'misconfigured', permanence: 'permanent' });
    expect(failure.reason).not.toContain('s3cret');
  });
});

test('no reason holds credentials or a query', async () => {
  await using server = await startHttp((request, response) => {
    if (request.url?.startsWith('/redirect')) response.writeHead(302, { location: 'http://anna:s3cret@x.example/' });
    else response.writeHead(500);
    response.end('s3cret');
  });
  await using world = openAttachments();
  const auth = { authorization: 'Bearer s3cret' };
  const urls = [
    `http://anna:s3cret@files.example:${server.port}/`,
    `http://files.example:${server.port}/?key=s3cret`,
    `http://files.example:${server.port}/redirect?key=s3cret`,
    'http://10.0.0.5:x/?key=s3cret',
    'http://files.example:1/?key=s3cret',
    'http://[::1/?key=s3cret',
  ];
  for (const url of urls) {
    const { reason, message } = await world.failure({ ...at(url), auth });
    expect(reason + message).not.toContain('s3cret');
  }
});

describe('credentials', () => {
  const TENANT_AUTH = { authorization: 'Bearer tenant' };
  const OWN_AUTH = { authorization: 'Bearer own', 'x-key': 'key' };

  /** What came to each path, and redirects from /to?URL to there. */
  async function startKeeper() {
    const seen: (string | undefined)[] = [];
    const server = await startHttp(async (request, response) => {
      const { path = '', headers } = await received(request);
      seen.push(headers.authorization);
      if (path.startsWith('/to?')) response.writeHead(302, { location: decodeURIComponent(path.slice(4)) });
      response.end('content');
    });
    return { ...server, seen };
  }

  test("the tenant's go to the tenant's own origin and to no other", async () => {
    await using server = await startKeeper();
    const clientBaseUrl = `http://acme.example:${server.port}/app`;
    await using world = openAttachments({ tenant: { clientBaseUrl, clientAuth: TENANT_AUTH } });
    await world.text(on(server, '/a.pdf', 'acme.example'));
    await world.text(on(server, '/a.pdf', 'files.example'));
    await world.text(on(server, '/a.pdf', 'acme.example.evil.example'));
    expect(server.seen).toEqual(['Bearer tenant', undefined, undefined]);
  });

  test("the attachment's own go to its own origin, in place of the tenant's", async () => {
    await using server = await startKeeper();
    const clientBaseUrl = `http://acme.example:${server.port}/app`;
    await using world = openAttachments({ tenant: { clientBaseUrl, clientAuth: TENANT_AUTH } });
    for (const host of ['acme.example', 'files.example']) {
      await world.text({ ...on(server, '/a.pdf', host), auth: OWN_AUTH });
      await world.text({ ...on(server, '/a.pdf', host), auth: 'none' });
    }
    expect(server.seen).toEqual(['Bearer own', undefined, 'Bearer own', undefined]);
  });

  test('none follow a redirect to another origin, and none come back from there', async () => {
    await using server = await startKeeper();
    const [acme, files] = ['acme', 'files'].map((host) => `http://${host}.example:${server.port}`);
    const wayBack = `${files}/to?${encodeURIComponent(`${acme}/a.pdf`)}`;
    await using world = openAttachments({ tenant: { clientBaseUrl: acme ?? '', clientAuth: TENANT_AUTH } });
    for (const auth of [null, OWN_AUTH]) {
      await world.text({ ...at(`${acme}/to?${encodeURIComponent(wayBack)}`), auth });
    }
    // A redirect from elsewhere to the tenant is not the tenant's request.
    await world.text(at(wayBack));
    expect(server.seen).toEqual([
      'Bearer tenant',
      undefined,
      undefined,
      'Bearer own',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
