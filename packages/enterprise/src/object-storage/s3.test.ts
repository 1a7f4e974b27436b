// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { eventually, listenOnLoopback, startTcpProxy } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { objectStoreCases, putText, textOf } from './object-store.case.ts';
import type { ObjectStore } from './object-store.types.ts';
import { type AddressesOf, openS3, type S3Settings } from './open-s3.ts';
import { S3_ACCESS_KEY, S3_SECRET_KEY, type S3Server, startS3 } from './s3-server.case.ts';

const NEVER = new AbortController().signal;
const MIB = 1_048_576;
const PART = 5 * MIB;
const SETTINGS: S3Settings = {
  ...{ bucket: 'mail', prefix: 'large/files', region: 'eu-south-1', pathStyle: true },
  credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY },
};

interface S3World extends AsyncDisposable {
  readonly server: S3Server;
  readonly store: ObjectStore;
  /** Another store of the same server. */
  another(settings: Partial<S3Settings>, addressesOf?: AddressesOf): Promise<ObjectStore>;
}

async function openWorld(settings: Partial<S3Settings> = {}): Promise<S3World> {
  const server = await startS3('mail');
  const opened: (() => void)[] = [];
  const another: S3World['another'] = async (changed, addressesOf) => {
    const { store, close } = await openS3({ ...SETTINGS, endpoint: server.endpoint, ...changed }, addressesOf);
    opened.push(close);
    return store;
  };
  return {
    ...{ server, another, store: await another(settings) },
    async [Symbol.asyncDispose]() {
      for (const close of opened) close();
      await server[Symbol.asyncDispose]();
    },
  };
}

objectStoreCases(openWorld);

/** Bytes that are not all the same, as one asks for them. */
function source(sizeBytes: number) {
  const [pieceBytes, hash] = [65_536, createHash('sha256')];
  const world = { readBytes: 0, digest: () => hash.digest('hex') };
  async function* body(): AsyncGenerator<Uint8Array> {
    while (world.readBytes < sizeBytes) {
      const piece = Buffer.alloc(Math.min(pieceBytes, sizeBytes - world.readBytes), world.readBytes / pieceBytes);
      world.readBytes += piece.byteLength;
      hash.update(piece);
      yield piece;
    }
  }
  return Object.assign(world, { body });
}

const parts = ({ requests }: S3Server): readonly string[] => requests.filter((line) => line.includes('partNumber'));

test('50 MB go there and back, and are never in memory', async () => {
  await using world = await openWorld();
  const large = source(50_000_000);
  const ahead: number[] = [];
  world.server.before = async (line) => {
    if (line.includes('partNumber')) ahead.push(large.readBytes - world.server.answered * PART);
  };
  const about = { sizeBytes: 50_000_000, mimeType: 'video/mp4', signal: NEVER };
  await world.store.put('video', large.body(), about);
  expect(ahead).toHaveLength(10);
  // Two parts on their way, one that is being filled, and the piece that did not fit into it.
  expect(Math.max(...ahead)).toBeLessThanOrEqual(3 * PART + 65_536);
  const found = await world.store.get('video', { signal: NEVER });
  expect(found?.sizeBytes).toBe(50_000_000);
  const hash = createHash('sha256');
  for await (const piece of found?.body ?? []) hash.update(piece);
  expect(hash.digest('hex')).toBe(large.digest());
});

test('objects that are read by nobody for now hold up nothing that is put', async () => {
  await using world = await openWorld();
  const bytes = Buffer.alloc(MIB, 'x');
  const body = async function* () {
    yield bytes;
  };
  const about = { sizeBytes: MIB, mimeType: 'video/mp4', signal: AbortSignal.timeout(20_000) };
  await world.store.put('video', body(), about);
  const standing = await Promise.all(Array.from({ length: 60 }, () => world.store.get('video', about)));
  await world.store.put('next', body(), about);
  for (const found of standing) await found?.body[Symbol.asyncIterator]().return?.();
});

test('nothing is asked of the server but what S3-compatible ones know', async () => {
  await using world = await openWorld();
  await world.store.put('a', source(2 * PART).body(), { sizeBytes: 2 * PART, mimeType: 'text/plain', signal: NEVER });
  await putText(world.store, 'b', 'content');
  await textOf(world.store, 'b');
  const names = new Set(world.server.headers.flatMap((headers) => Object.keys(headers)));
  expect([...names].filter((name) => /checksum|trailer|sdk-checksum/.test(name))).toEqual([]);
  expect(world.server.headers.every((headers) => !/aws-chunked/.test(String(headers['content-encoding'])))).toBe(true);
});

describe('a signed URL', () => {
  const about = { expiresInSeconds: 60, filename: 'summary <1>.pdf', mimeType: 'application/pdf' };

  test('is fetched without credentials, under the name that was given', async () => {
    await using world = await openWorld();
    await world.store.put('k ü', source(3).body(), { sizeBytes: 3, mimeType: 'application/pdf', signal: NEVER });
    const answer = await fetch((await world.store.presign('k ü', about)) ?? '');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="summary <1>.pdf"');
    expect((await answer.arrayBuffer()).byteLength).toBe(3);
  });

  test('names the file in all its letters', async () => {
    await using world = await openWorld();
    const url = await world.store.presign('a', { ...about, filename: 'Übersicht "1".pdf' });
    expect(new URL(url ?? '').searchParams.get('response-content-disposition')).toBe(
      `attachment; filename="_bersicht _1_.pdf"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.pdf`,
    );
  });

  test('opens nothing else, and nothing once it was changed', async () => {
    await using world = await openWorld();
    await putText(world.store, 'a', 'content');
    await putText(world.store, 'b', 'another');
    const url = (await world.store.presign('a', about)) ?? '';
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('60');
    for (const changed of [url.replace('/a?', '/b?'), url.replace('Expires=60', 'Expires=6000')]) {
      expect((await fetch(changed)).status).toBe(403);
    }
    expect(world.store.maxPresignSeconds).toBe(604_800);
  });
});

describe('what is wrong is said without a secret', () => {
  test.each([
    [{ accessKeyId: 'NOBODY', secretAccessKey: 's3cret' }, 'the storage refuses access: InvalidAccessKeyId'],
    [{ accessKeyId: S3_ACCESS_KEY, secretAccessKey: 's3cret' }, 'the storage refuses access: SignatureDoesNotMatch'],
  ])('by credentials that do not fit', async (credentials, reason) => {
    await using world = await openWorld({ credentials });
    const failure = { code: 'no_access', permanence: 'temporary', reason };
    await expect(putText(world.store, 'a', 'x')).rejects.toMatchObject(failure);
    await expect(putText(world.store, 'a', 'x'.repeat(10))).rejects.toMatchObject(failure);
    await expect(world.store.get('a', { signal: NEVER })).rejects.toMatchObject(failure);
    await expect(world.store.delete('a', NEVER)).rejects.toMatchObject(failure);
  });

  test('by a bucket that is not there', async () => {
    await using world = await openWorld({ bucket: 'nowhere' });
    const failure = { code: 'not_found', permanence: 'permanent' };
    await expect(putText(world.store, 'a', 'x')).rejects.toMatchObject(failure);
    await expect(world.store.get('a', { signal: NEVER })).rejects.toMatchObject(failure);
  });

  test('by a server that is not there', async () => {
    await using world = await openWorld({ endpoint: 'http://127.0.0.1:1' });
    const failure = { code: 'unavailable', permanence: 'temporary' };
    await expect(putText(world.store, 'a', 'x')).rejects.toMatchObject(failure);
    await expect(world.store.get('a', { signal: NEVER })).rejects.toMatchObject(failure);
  });
});

describe('a prefix', () => {
  test('keeps apart what others have in the same bucket', async () => {
    await using world = await openWorld({ prefix: 'acme' });
    const others = await world.another({ prefix: 'other' });
    await putText(others, 'a', 'of another');
    expect(await world.store.get('a', { signal: NEVER })).toBeNull();
    for (const key of ['../other/a', './../other/a', '/other/a', 'x/../../other/a', '..\\other\\a', '']) {
      const before = world.server.requests.length;
      await expect((async () => world.store.get(key, { signal: NEVER }))()).rejects.toMatchObject({
        code: 'misconfigured',
      });
      expect(world.server.requests.length).toBe(before);
    }
  });

  test('may be none', async () => {
    await using world = await openWorld({ prefix: '' });
    await putText(world.store, 'a', 'content');
    expect(world.server.requests).toContain('PUT /mail/a?x-id=PutObject');
  });
});

describe('a connection that is cut', () => {
  test('while an object comes is told, and never taken for its end', async () => {
    await using world = await openWorld();
    await using proxy = await startTcpProxy(world.server.port);
    const store = await world.another({ endpoint: proxy.inPlaceOf(world.server.endpoint) });
    await world.store.put('a', source(PART).body(), { sizeBytes: PART, mimeType: 'text/plain', signal: NEVER });
    const found = await store.get('a', { signal: NEVER });
    const read = async () => {
      for await (const _piece of found?.body ?? []) proxy.mode = 'cut';
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', permanence: 'temporary' });
  });

  test('while an object goes is opened again, and parts that were there are not sent again', async () => {
    await using world = await openWorld();
    await using proxy = await startTcpProxy(world.server.port);
    const store = await world.another({ endpoint: proxy.inPlaceOf(world.server.endpoint) });
    let cuts = 0;
    world.server.before = async (line) => {
      if (line.includes('partNumber=2') && cuts++ === 0) proxy.cutAll();
    };
    const large = source(3 * PART);
    await store.put('a', large.body(), { sizeBytes: 3 * PART, mimeType: 'text/plain', signal: NEVER });
    expect(parts(world.server).length).toBeGreaterThan(3);
    expect((await store.get('a', { signal: NEVER }))?.sizeBytes).toBe(3 * PART);
  });
});

describe('an abort', () => {
  test('ends an upload whose server says nothing, and no part of it is left', async () => {
    await using world = await openWorld();
    const abort = new AbortController();
    const held = Promise.withResolvers<void>();
    world.server.before = async (line) => {
      if (!line.includes('partNumber')) return;
      abort.abort(new Error('stopped'));
      await held.promise;
    };
    const about = { sizeBytes: 3 * PART, mimeType: 'text/plain', signal: abort.signal };
    await expect(world.store.put('a', source(3 * PART).body(), about)).rejects.toThrow('stopped');
    held.resolve();
    await eventually(() => expect(world.server.requests.some((line) => /^DELETE .*uploadId/.test(line))).toBe(true));
    expect(await world.store.get('a', { signal: NEVER })).toBeNull();
  });

  test('ends a download in the middle of it', async () => {
    await using world = await openWorld();
    await world.store.put('a', source(PART).body(), { sizeBytes: PART, mimeType: 'text/plain', signal: NEVER });
    const abort = new AbortController();
    const found = await world.store.get('a', { signal: abort.signal });
    const read = async () => {
      for await (const _piece of found?.body ?? []) abort.abort(new Error('stopped'));
    };
    await expect(read()).rejects.toThrow('stopped');
  });

  test('ends the wait for an answer', async () => {
    await using world = await openWorld();
    const abort = new AbortController();
    const held = Promise.withResolvers<void>();
    world.server.before = async () => {
      abort.abort(new Error('stopped'));
      await held.promise;
    };
    await expect(world.store.get('a', { signal: abort.signal })).rejects.toThrow('stopped');
    held.resolve();
  });
});

describe('a host that somebody else named', () => {
  const refusing: AddressesOf = () => Promise.reject(new Error('not allowed'));

  test('is connected to as it was checked', async () => {
    await using world = await openWorld();
    const asked: string[] = [];
    const store = await world.another({ endpoint: `http://files.example:${world.server.port}` }, async (host) => {
      asked.push(host);
      return [{ address: '127.0.0.1', family: 4 }];
    });
    await putText(store, 'a', 'content');
    expect(await textOf(world.store, 'a')).toBe('content');
    expect(new Set(asked)).toEqual(new Set(['files.example']));
  });

  test('is looked up with the bucket in its name, too', async () => {
    await using world = await openWorld();
    const asked: string[] = [];
    const store = await world.another(
      { endpoint: `http://files.example:${world.server.port}`, pathStyle: false },
      async (host) => {
        asked.push(host);
        throw new Error('not allowed');
      },
    );
    await expect(store.get('a', { signal: NEVER })).rejects.toMatchObject({ code: 'unavailable' });
    expect(new Set(asked)).toEqual(new Set(['mail.files.example']));
  });

  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433'])(
    'is checked where it is an address: %s',
    async (host) => {
      await using world = await openWorld();
      const store = await world.another({ endpoint: `http://${host}:${world.server.port}` }, refusing);
      await expect(putText(store, 'a', 'x')).rejects.toMatchObject({ code: 'unavailable' });
      expect(world.server.requests).toEqual([]);
    },
  );

  test('leads nowhere else', async () => {
    await using world = await openWorld();
    await using other = await startS3('mail');
    const moved = createServer((_, response) => {
      response.writeHead(307, { location: `${other.endpoint}/mail/a` }).end();
    });
    const { port, close } = await listenOnLoopback(moved);
    const store = await world.another({ endpoint: `http://127.0.0.1:${port}` });
    await expect(store.get('a', { signal: NEVER })).rejects.toMatchObject({ code: 'misconfigured' });
    expect(other.requests).toEqual([]);
    await close();
  });

  test('is not listened to for long where it answers with no object', async () => {
    let sentBytes = 0;
    const flood = createServer((request, response) => {
      request.resume();
      response.writeHead(request.method === 'POST' ? 200 : 400, { 'content-type': 'application/xml' });
      const send = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))) sentBytes += 65_536;
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    });
    const { port, close } = await listenOnLoopback(flood);
    const { store } = await openS3({ ...SETTINGS, endpoint: `http://127.0.0.1:${port}` });
    await expect(store.get('a', { signal: NEVER })).rejects.toMatchObject({ name: 'StorageFailure' });
    const about = { sizeBytes: 2 * PART, mimeType: 'text/plain', signal: NEVER };
    await expect(store.put('a', source(2 * PART).body(), about)).rejects.toMatchObject({ name: 'StorageFailure' });
    expect(sentBytes).toBeLessThan(100 * MIB);
    await close();
  });
});
