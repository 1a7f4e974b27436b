// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { byMd5, bytesOf, contentNumber, contentOf, openCacheWorld } from './cache-world.case.ts';

test('contents up to the threshold are kept in memory, larger ones on disk', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const [small, large] = [contentNumber(1, 100), contentNumber(2, 101)];
  for (const content of [small, large]) await cache.put('acme', content);
  expect((await cache.get('acme', byMd5(small)))?.tier).toBe('memory');
  expect((await cache.get('acme', byMd5(large)))?.tier).toBe('disk');
  expect(await cache.get('acme', byMd5(contentOf('unknown')))).toBeNull();
  expect(await cache.get('acme', { algorithm: 'md5', hex: 'none' })).toBeNull();
  expect(world.lookups).toEqual(['memory', 'disk', 'miss', 'miss']);
  expect(world.contents()).toHaveLength(1);
});

test('without a folder larger contents are not kept', async () => {
  await using world = openCacheWorld({ diskDir: null });
  await using cache = await world.open();
  await cache.put('acme', contentNumber(1, 100));
  await cache.put('acme', contentNumber(2, 101));
  await cache.sweep();
  expect(await cache.get('acme', byMd5(contentNumber(1, 100)))).not.toBeNull();
  expect(await cache.get('acme', byMd5(contentNumber(2, 101)))).toBeNull();
});

test('memory forgets by its own time, which a change of the wall clock does not move', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentOf('small');
  await cache.put('acme', content);
  world.clock.setWallTime(0);
  expect(await bytesOf(await cache.get('acme', byMd5(content)))).toEqual(Buffer.from('small'));
  expect(await cache.get('other', byMd5(content))).toBeNull();
  await world.clock.advance(300_001);
  expect(await cache.get('acme', byMd5(content))).toBeNull();
});

test('hashes may be given in upper case', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  for (const content of [contentOf('small'), contentNumber(1, 500)]) {
    const { md5, sha256 } = content;
    await cache.put('acme', { ...content, md5: md5.toUpperCase(), sha256: sha256.toUpperCase() });
    const found = await cache.get('acme', { algorithm: 'sha256', hex: sha256.toUpperCase() });
    expect(found).toMatchObject({ md5, sha256 });
  }
});

test('a folder that cannot be used fails nobody, and is logged once a minute', async () => {
  await using world = openCacheWorld();
  writeFileSync(world.dir.file('file'), 'in the way');
  await using cache = await world.open({ diskDir: world.dir.file('file') });
  for (let i = 0; i < 3; i++) {
    await cache.put('acme', contentNumber(1, 500));
    expect(await cache.get('acme', byMd5(contentNumber(1, 500)))).toBeNull();
    await cache.sweep();
  }
  expect(world.warnings).toHaveLength(1);
  await world.clock.advance(60_000);
  await cache.put('acme', contentNumber(1, 500));
  expect(world.warnings).toMatchObject([{ unsaid: 0 }, { err: { code: 'ENOTDIR' }, unsaid: 8 }]);
  await cache.put('acme', contentOf('small'));
  expect((await cache.get('acme', byMd5(contentOf('small'))))?.tier).toBe('memory');
});

test('a folder that is lost is made anew', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  await cache.put('acme', content);
  rmSync(world.dir.file('mail-proxy-attachments'), { recursive: true });
  expect(await cache.get('acme', byMd5(content))).toBeNull();
  await cache.put('acme', content);
  expect(await cache.get('acme', byMd5(content))).not.toBeNull();
  expect(world.warnings).toEqual([]);
});

test('a source that fails and bytes that are others fail nobody', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const broken = (): AsyncIterable<Uint8Array> => {
    throw new Error('no such file');
  };
  for (const content of [contentOf('small'), contentNumber(1, 500)]) {
    await cache.put('acme', { ...content, read: broken });
    await cache.put('acme', { ...content, read: contentOf('other').read });
    expect(await cache.get('acme', byMd5(content))).toBeNull();
  }
  expect(world.warnings).toMatchObject([{ err: { message: 'no such file' } }]);
});

test('disposing breaks off what is being put, and nothing is kept or found afterwards', async () => {
  await using world = openCacheWorld();
  const cache = await world.open();
  await cache.put('acme', contentOf('small'));
  const content = contentNumber(1, 500);
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const putting = cache.put('acme', {
    ...content,
    async *read() {
      for await (const piece of content.read()) {
        yield piece;
        begun.resolve();
        await goOn.promise;
      }
    },
  });
  await begun.promise;
  const disposed = cache[Symbol.asyncDispose]();
  goOn.resolve();
  await Promise.all([putting, disposed]);
  expect([...world.contents(), ...world.drafts()]).toEqual([]);
  await cache.put('acme', contentOf('small'));
  expect(await cache.get('acme', byMd5(contentOf('small')))).toBeNull();
  await cache.sweep();
  expect(world.warnings).toEqual([]);
});
