// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createOutgoingHttp } from './outgoing-http.ts';
import { LIMITS, openHttp, startHttp, startRaw, type TestServer } from './outgoing-world.case.ts';

async function fetchFrom(
  { port }: TestServer,
  limits: { readonly maxBytes?: number; readonly timeoutMs?: number } = {},
) {
  await using client = openHttp();
  return await client.http.fetchAll({ ...LIMITS, ...limits, url: `http://app.example:${port}/` });
}

const failed = (kind: string, temporary: boolean) => ({ code: 'outgoing_failed', extra: { kind, temporary } });

describe('time', () => {
  test('no answer', async () => {
    await using server = await startHttp(() => undefined);
    const call = fetchFrom(server, { timeoutMs: 50 });
    await expect(call).rejects.toMatchObject({ ...failed('timeout', true), message: 'no answer within 50 ms' });
  });

  test('a body that never ends, one byte at a time', async () => {
    await using server = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    await expect(fetchFrom(server, { timeoutMs: 200 })).rejects.toMatchObject(failed('timeout', true));
  });

  test('a name that is never resolved', async () => {
    await using http = createOutgoingHttp({
      clock: systemClock,
      policy: {},
      lookup: () => new Promise(() => undefined),
    });
    const call = http.fetchAll({ ...LIMITS, timeoutMs: 50, url: 'http://app.example/' });
    await expect(call).rejects.toMatchObject(failed('timeout', true));
  });

  test('a body that nobody reads is cut', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp((_, response) => {
      response.on('close', closed.resolve).write('begin');
    });
    await using client = openHttp();
    const url = `http://app.example:${server.port}/`;
    const { body } = await client.http.request({ ...LIMITS, timeoutMs: 100, url });
    await closed.promise;
    await expect(body[Symbol.asyncIterator]().next()).rejects.toMatchObject(failed('timeout', true));
  });
});

test.each([
  ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ['a chunk whose head', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'name=value;'],
])('%s without an end is cut by time, if not before', async (_what, begin, more) => {
  const closed = Promise.withResolvers<void>();
  await using server = await startRaw((socket) => {
    socket.on('close', () => closed.resolve()).write(begin);
    const goOn = (): void => {
      while (socket.write(more.repeat(1_000)));
    };
    socket.on('drain', goOn);
    goOn();
  });
  await expect(fetchFrom(server, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'outgoing_failed' });
  await closed.promise;
});

describe('size', () => {
  test('as many bytes as may come, and one more', async () => {
    await using server = await startHttp((_, response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(400));
    });
    expect((await fetchFrom(server, { maxBytes: 1_000 })).body).toHaveLength(1_000);
    await expect(fetchFrom(server, { maxBytes: 999 })).rejects.toMatchObject({
      ...failed('too_large', false),
      message: 'the answer is larger than 999 bytes',
    });
  });

  test('a body without an end', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more).on('close', closed.resolve);
      more();
    });
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
    await closed.promise;
  });

  test('a length that is too large is believed, and nothing is read', async () => {
    await using server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-length': '100001' }).flushHeaders();
    });
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
  });

  test('less than the length that was named', async () => {
    await using server = await startRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort'));
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('connect', true));
  });

  test('more than the length that was named is not part of it, nor of the next answer', async () => {
    await using server = await startRaw((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged',
      );
    });
    await using client = openHttp();
    const url = `http://app.example:${server.port}/`;
    for (const _ of [1, 2]) {
      const { body } = await client.http.fetchAll({ ...LIMITS, url });
      expect(Buffer.from(body).toString()).toBe('first');
    }
    expect(server.connections()).toBe(2);
  });

  test('two lengths, or a length and chunks', async () => {
    for (const headers of [
      'content-length: 5\r\ncontent-length: 6',
      'content-length: 5\r\ntransfer-encoding: chunked',
    ]) {
      await using server = await startRaw((socket) =>
        socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
      );
      await expect(fetchFrom(server)).rejects.toMatchObject(failed('connect', true));
    }
  });

  test('headers without an end', async () => {
    await using server = await startRaw((socket) => {
      const more = (): void => {
        while (socket.write(`x-header: ${'x'.repeat(1_000)}\r\n`));
      };
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.on('drain', more);
      more();
    });
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
  });

  test('trailers without an end', async () => {
    await using server = await startRaw((socket) => {
      const more = (): void => {
        while (socket.write(`x-header: ${'x'.repeat(1_000)}\r\n`));
      };
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n');
      socket.on('drain', more);
      more();
    });
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
  });
});

describe('encodings', () => {
  const serve = (encoding: string, body: Uint8Array) =>
    startHttp((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));

  test.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['identity, br', brotliCompressSync],
    ['deflate', deflateSync],
  ] as const)('%s is undone', async (encoding, encode) => {
    await using server = await serve(encoding, encode(Buffer.from('hello')));
    expect(Buffer.from((await fetchFrom(server)).body).toString()).toBe('hello');
  });

  test('identity is asked for', async () => {
    await using server = await startHttp((request, response) => response.end(request.headers['accept-encoding']));
    expect(Buffer.from((await fetchFrom(server)).body).toString()).toBe('identity');
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
  ] as const)('a bomb of %s goes off at no more than may come', async (encoding, encode) => {
    const bomb = encode(Buffer.alloc(100_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    await using server = await serve(encoding, bomb);
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
  });

  test('gzip that holds nothing, and much of it', async () => {
    const empty = gzipSync('');
    await using server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const more = (): void => {
        while (response.write(Buffer.concat(Array.from({ length: 1_000 }, () => empty))));
      };
      response.on('drain', more);
      more();
    });
    await expect(fetchFrom(server)).rejects.toMatchObject(failed('too_large', false));
  });

  test('gzip in gzip, a thousand encodings, an unknown one', async () => {
    for (const encoding of [
      'gzip, gzip',
      Array.from({ length: 1_000 }, () => 'gzip').join(','),
      'zstd',
      'constructor',
    ]) {
      await using server = await serve(encoding, gzipSync(gzipSync('hello')));
      await expect(fetchFrom(server)).rejects.toMatchObject(failed('encoding', false));
    }
  });

  test('what is no gzip, and gzip that is cut short', async () => {
    for (const body of [Buffer.from('hello'), gzipSync('hello').subarray(0, 15)]) {
      await using server = await serve('gzip', body);
      await expect(fetchFrom(server)).rejects.toMatchObject(failed('encoding', false));
    }
  });
});
