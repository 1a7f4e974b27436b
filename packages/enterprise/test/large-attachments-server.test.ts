// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import {
  fileStorage,
  hashAt,
  linkIdOf,
  memoryOf,
  openServedWorld,
  s3Storage,
  WAIT_MS,
} from './large-attachments-server.case.ts';
import { MB } from './large-attachments-world.case.ts';

test.each([
  ['an S3-compatible server', s3Storage],
  ['a folder', fileStorage],
] as const)(
  '50 MB in %s are a link that downloads, is revoked and ends; another message with them uploads nothing',
  async (_, openStorage) => {
    await using storage = await openStorage();
    await using world = await openServedWorld(storage, (url) => ({ public_base_url: url }));
    const file = world.file('big.bin', 50 * MB);
    const first = await world.send('m1', file);
    expect([first.mail.attachments, first.sizeBytes < 10_000]).toEqual([[], true]);
    expect(await hashAt(first.url)).toBe(file.sha256);
    const uploads = storage.uploads();
    expect(uploads).toHaveLength(1);

    const second = await world.send('m2', file);
    expect(second.url).not.toBe(first.url);
    expect(storage.uploads()).toEqual(uploads);

    const id = linkIdOf(first.url);
    expect(await world.api('GET', `/v1/large-attachments/${id}?tenant_id=acme`)).toMatchObject({
      ...{ message_id: 'm1', filename: 'm1.bin', size_bytes: 50 * MB, kind: 'own', state: 'live', downloads: 1 },
    });
    await world.api('POST', `/v1/large-attachments/${id}/revoke?tenant_id=acme`);
    expect((await fetch(first.url)).status).toBe(410);
    expect(await hashAt(second.url)).toBe(file.sha256);

    await world.restart(31);
    expect((await fetch(second.url)).status).toBe(410);
    expect((await fetch(second.url.replace(/-[^-/]+(?=\/)/, '-AAAAAAAAAAAAAAAAAAAAAA'))).status).toBe(404);
    await storage.isCleared();
  },
  WAIT_MS,
);

test('without a base the link leads to the storage, and a revoked one has no file', async () => {
  await using storage = await s3Storage();
  await using world = await openServedWorld(storage, () => ({}));
  const file = world.file('file.bin', 6 * MB);
  const { url } = await world.send('m1', file);
  expect(url.startsWith(storage.env['AWS_ENDPOINT_URL'] ?? '-')).toBe(true);
  expect(await hashAt(url)).toBe(file.sha256);
  const { items } = await world.api('GET', '/v1/large-attachments?tenant_id=acme');
  const [link] = items as readonly { readonly id: string }[];
  expect(link).toMatchObject({ kind: 'presigned', state: 'live', downloads: 0 });
  await world.api('POST', `/v1/large-attachments/${link?.id}/revoke?tenant_id=acme`);
  expect((await fetch(url)).status).toBe(404);
});

test(
  'what is stored and fetched again takes no more memory for being larger',
  async () => {
    await using storage = await s3Storage();
    await using world = await openServedWorld(storage, (url) => ({ public_base_url: url }));
    const memory = memoryOf(world.server.pid);
    await hashAt((await world.send('m1', world.file('smaller.bin', 20 * MB))).url);
    memory.begin();
    const larger = world.file('larger.bin', 200 * MB);
    expect(await hashAt((await world.send('m2', larger)).url)).toBe(larger.sha256);
    // By up to 130 it rises as garbage is not collected at once, whether the file has 120 or 300.
    expect(memory.risenMb()).toBeLessThan(180);
  },
  WAIT_MS,
);
