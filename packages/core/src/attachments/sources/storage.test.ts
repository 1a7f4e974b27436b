// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { type Asked, openAttachments, TIMEOUT_MS } from '../attachments-world.case.ts';
import type { StorageBackend, StorageOpenContext } from '../storages/storage-backend.ts';

const stored = (path: string): Asked => ({ mode: 'storage', path });

/** A backend of files in memory, which notes how it was asked. */
function memoryBackend(files: Readonly<Record<string, string>>, rest: Partial<StorageBackend> = {}) {
  const asked: { readonly config: unknown; readonly path: string; readonly context: StorageOpenContext }[] = [];
  const backend: StorageBackend = {
    protocol: 'memory',
    check: () => [],
    async open(config, path, context) {
      asked.push({ config, path, context });
      const content = Buffer.from(files[path] ?? '');
      return { sizeBytes: content.byteLength, body: inOnePiece(content) };
    },
    ...rest,
  };
  return { asked, backend };
}

async function* inOnePiece(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

const STORAGES = { files: { protocol: 'memory', config: { key: 's3cret' } } };

test('a backend is given the configuration, the path and the limits', async () => {
  const { asked, backend } = memoryBackend({ 'sub/a:b.pdf': 'content' });
  await using world = openAttachments({ backends: [backend], storages: STORAGES });
  expect(await world.text(stored('files:sub/a:b.pdf'))).toBe('content');
  expect(asked).toEqual([
    {
      config: { key: 's3cret' },
      path: 'sub/a:b.pdf',
      context: expect.objectContaining({ tenantId: 'acme', maxBytes: 1_000_000, signal: expect.any(AbortSignal) }),
    },
  ]);
});

test.each([
  ['other:a.pdf', 'not_found', 'permanent', 'the tenant has no storage other'],
  ['elsewhere:a.pdf', 'unavailable', 'temporary', 'this server has no access to storages of protocol ftp'],
  ['a.pdf', 'not_allowed', 'permanent', 'expected the name of a storage, a colon and a path'],
  ['files:../a.pdf', 'not_allowed', 'permanent', 'expected a path without .. in it'],
  ['files:/a.pdf', 'not_allowed', 'permanent', 'expected a path that does not begin with /'],
  ['files:a\0', 'not_allowed', 'permanent', 'expected a path without NUL'],
  ['files:', 'not_allowed', 'permanent', 'expected a path'],
] as const)('of %j nothing is fetched', async (path, code, permanence, reason) => {
  const { asked, backend } = memoryBackend({});
  const storages = { ...STORAGES, elsewhere: { protocol: 'ftp', config: {} } };
  await using world = openAttachments({ backends: [backend], storages });
  expect(await world.failure(stored(path))).toMatchObject({
    code,
    permanence,
    reason: `attachment report.pdf: ${reason}`,
  });
  expect(asked).toEqual([]);
});

test('a configuration that turned out wrong is named by its field', async () => {
  const { asked, backend } = memoryBackend({}, { check: () => [{ pointer: '/bucket', message: 'required' }] });
  await using world = openAttachments({ backends: [backend], storages: STORAGES });
  expect(await world.failure(stored('files:a.pdf'))).toMatchObject({
    code: 'misconfigured',
    permanence: 'permanent',
    reason: 'attachment report.pdf: the storage files: /bucket: required',
  });
  expect(asked).toEqual([]);
});

describe('a backend', () => {
  test('that says a size beyond the limit is not listened to further, and its body is closed', async () => {
    let isClosed = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(1);
        yield Buffer.alloc(1);
      } finally {
        isClosed = true;
      }
    }
    const { backend } = memoryBackend({}, { open: async () => ({ sizeBytes: 1_000_001, body: body() }) });
    await using world = openAttachments({ backends: [backend], storages: STORAGES });
    expect(await world.failure(stored('files:a.pdf'))).toMatchObject({ code: 'too_large' });
    expect(isClosed).toBe(true);
  });

  test.each([2, 9])('whose body has another size than it said (%i) is asked again later', async (sizeBytes) => {
    const open = async () => ({ sizeBytes, body: inOnePiece(Buffer.alloc(5)) });
    const { backend } = memoryBackend({}, { open });
    await using world = openAttachments({ backends: [backend], storages: STORAGES });
    expect(await world.failure(stored('files:a.pdf'))).toMatchObject({
      code: 'unavailable',
      permanence: 'temporary',
      reason: 'attachment report.pdf: it changed while it was read',
    });
  });

  test('that says too little is cut at the limit', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(60_000);
    }
    const { backend } = memoryBackend({}, { open: async () => ({ sizeBytes: 5, body: endless() }) });
    await using world = openAttachments({ backends: [backend], storages: STORAGES });
    expect(await world.failure(stored('files:a.pdf'))).toMatchObject({ code: 'too_large' });
  });

  test('that hangs before the first piece ends by time, and what it opens later is closed', async () => {
    const clock = new VirtualClock();
    const [asked, open, closed] = [0, 1, 2].map(() => Promise.withResolvers<void>());
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(1);
      } finally {
        closed?.resolve();
      }
    }
    const { backend } = memoryBackend(
      {},
      {
        async open() {
          asked?.resolve();
          await open?.promise;
          return { sizeBytes: null, body: body() };
        },
      },
    );
    await using world = openAttachments({ backends: [backend], storages: STORAGES, clock });
    const failure = world.failure(stored('files:a.pdf'));
    await asked?.promise;
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({ code: 'timeout', permanence: 'temporary' });
    open?.resolve();
    await closed?.promise;
  });

  test('that fails in its own way when its time is over has run out of time', async () => {
    const clock = new VirtualClock();
    const reading = Promise.withResolvers<void>();
    const { backend } = memoryBackend(
      {},
      {
        open: async (_config, _path, { signal }) => ({
          sizeBytes: null,
          body: {
            [Symbol.asyncIterator]: () => ({
              next: () => {
                const { promise, reject } = Promise.withResolvers<IteratorResult<Uint8Array>>();
                signal.addEventListener('abort', () => reject(new Error('connection reset')));
                reading.resolve();
                return promise;
              },
            }),
          },
        }),
      },
    );
    await using world = openAttachments({ backends: [backend], storages: STORAGES, clock });
    const failure = world.failure(stored('files:a.pdf'));
    await reading.promise;
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({ code: 'timeout', permanence: 'temporary' });
  });

  test('that throws what nobody expects has a bug', async () => {
    const bug = new TypeError('bug');
    const { backend } = memoryBackend({}, { open: () => Promise.reject(bug) });
    await using world = openAttachments({ backends: [backend], storages: STORAGES });
    await expect(world.text(stored('files:a.pdf'))).rejects.toBe(bug);
  });
});
