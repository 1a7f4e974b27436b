// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startHttp, startRaw, type TestServer } from '../../outgoing/outgoing-world.case.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { type Asked, openAttachments, referenceTo, TIMEOUT_MS } from '../attachments-world.case.ts';

const on = ({ port }: TestServer, rest = '/a.pdf'): Asked => ({
  mode: 'http_url',
  path: `http://files.example:${port}${rest}`,
});

test('what lies at a URL is fetched, through redirects', async () => {
  await using server = await startHttp((request, response) => {
    const hops = Number(new URL(request.url ?? '', 'http://x').searchParams.get('hops'));
    if (hops === 0) response.end('content');
    else response.writeHead(302, { location: `/?hops=${hops - 1}` }).end();
  });
  await using world = openAttachments();
  expect(await world.text(on(server, '/?hops=0'))).toBe('content');
  expect(await world.text(on(server, '/?hops=5'))).toBe('content');
  expect(await world.failure(on(server, '/?hops=6'))).toMatchObject({
    code: 'refused',
    permanence: 'permanent',
    reason: 'attachment report.pdf: it was redirected more often than 5 times',
  });
});

describe('an answer', () => {
  test.each([
    [404, 'not_found', 'permanent'],
    [410, 'not_found', 'permanent'],
    [400, 'refused', 'permanent'],
    [402, 'refused', 'permanent'],
    [451, 'refused', 'permanent'],
    [401, 'no_access', 'temporary'],
    [403, 'no_access', 'temporary'],
    [408, 'unavailable', 'temporary'],
    [425, 'unavailable', 'temporary'],
    [429, 'unavailable', 'temporary'],
    [500, 'unavailable', 'temporary'],
    [503, 'unavailable', 'temporary'],
    // Without the file, or with a part of it.
    [202, 'unavailable', 'temporary'],
    [204, 'refused', 'permanent'],
    [206, 'refused', 'permanent'],
    [304, 'refused', 'permanent'],
  ])('of %i is %s, which is %s', async (status, code, permanence) => {
    await using server = await startHttp((_, response) => response.writeHead(status).end());
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({
      code,
      permanence,
      retryAfterMs: null,
      reason: `attachment report.pdf: the server answered ${status}`,
    });
  });

  test('that is no file is not read, however long it is', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp((_, response) => {
      response.on('close', closed.resolve).writeHead(404).write('not found, and');
    });
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({ code: 'not_found' });
    await closed.promise;
  });

  test.each([
    [429, '120', 120_000],
    [503, 'Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
    [503, '99999999', 86_400_000],
    [503, 'soon', null],
  ])('of %i with Retry-After: %s', async (status, retryAfter, retryAfterMs) => {
    await using server = await startHttp((_, response) =>
      response.writeHead(status, { 'retry-after': retryAfter }).end(),
    );
    await using world = openAttachments({ clock: new VirtualClock(Date.UTC(2030, 0, 1)) });
    expect(await world.failure(on(server))).toMatchObject({ permanence: 'temporary', retryAfterMs });
  });
});

describe('size', () => {
  test('as much as may come, and one byte more', async () => {
    await using server = await startHttp((_, response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(400));
    });
    await using enough = openAttachments({ maxBytes: 1_000 });
    expect(await enough.text(on(server))).toHaveLength(1_000);
    await using tooLittle = openAttachments({ maxBytes: 999 });
    expect(await tooLittle.failure(on(server))).toMatchObject({ code: 'too_large', permanence: 'permanent' });
  });

  test('a body without an end is cut', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more).on('close', closed.resolve);
      more();
    });
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({ code: 'too_large' });
    await closed.promise;
  });

  test('a length that is too large, with a body that is not, is believed', async () => {
    await using server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-length': '1000001' }).flushHeaders();
    });
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({ code: 'too_large' });
  });

  test('less than the length that was named may be whole the next time', async () => {
    await using server = await startRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort'));
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({ code: 'unavailable', permanence: 'temporary' });
  });

  test('what comes beyond the length that was named is not part of it', async () => {
    await using server = await startRaw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole, more'),
    );
    await using world = openAttachments();
    expect(await world.text(on(server))).toBe('whole');
  });

  test('a bomb of gzip goes off at no more than may come', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await using server = await startHttp((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    await using world = openAttachments();
    expect(await world.failure(on(server))).toMatchObject({ code: 'too_large' });
  });

  test('gzip is undone, and what is none is refused', async () => {
    await using server = await startHttp((request, response) => {
      const body = request.url === '/good' ? gzipSync('content') : 'content';
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    });
    await using world = openAttachments();
    expect(await world.text(on(server, '/good'))).toBe('content');
    expect(await world.failure(on(server, '/bad'))).toMatchObject({ code: 'refused', permanence: 'permanent' });
  });
});

describe('time', () => {
  test('a server that does not answer', async () => {
    const clock = new VirtualClock();
    const asked = Promise.withResolvers<void>();
    await using server = await startHttp(() => asked.resolve());
    await using world = openAttachments({ clock });
    const failure = world.failure(on(server));
    await asked.promise;
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({
      code: 'timeout',
      permanence: 'temporary',
      reason: `attachment report.pdf: it did not come within ${TIMEOUT_MS} ms`,
    });
  });

  test('a body that comes byte by byte is cut, and the connection closed', async () => {
    const clock = new VirtualClock();
    const [begun, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using server = await startHttp((_, response) => {
      begun.resolve();
      response.on('close', closed.resolve);
      // As long as anybody takes it.
      const drip = (): void => {
        if (!response.closed) response.write('x', drip);
      };
      drip();
    });
    await using world = openAttachments({ clock, maxBytes: Number.MAX_SAFE_INTEGER });
    const failure = world.failure(on(server));
    await begun.promise;
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({ code: 'timeout', permanence: 'temporary' });
    await closed.promise;
  });

  test('a caller that gives up gets its own reason', async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await startHttp(() => asked.resolve());
    await using world = openAttachments();
    const stop = new AbortController();
    const fetching = world.fetcher.fetch(referenceTo(on(server)), stop.signal);
    await asked.promise;
    const reason = new Error('stopping');
    stop.abort(reason);
    await expect(fetching).rejects.toBe(reason);
    await expect(world.fetcher.fetch(referenceTo(on(server)), stop.signal)).rejects.toBe(reason);
  });
});
