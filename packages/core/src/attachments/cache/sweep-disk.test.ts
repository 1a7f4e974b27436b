// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { byMd5, bySha256, bytesOf, contentNumber, hashOf, openCacheWorld } from './cache-world.case.ts';

const HOUR_MS = 3_600_000;

test('a sweep removes what is too old, down to the folders, and nothing else', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  await cache.put('acme', contentNumber(1, 500));
  await cache.put('other', contentNumber(2, 500));
  await world.clock.advance(HOUR_MS);
  await cache.put('acme', contentNumber(3, 500));
  await world.clock.advance(1);
  await cache.sweep();
  expect(world.contents()).toHaveLength(1);
  expect(world.buckets()).toHaveLength(2);
  expect(await bytesOf(await cache.get('acme', byMd5(contentNumber(3, 500))))).toHaveLength(500);
  await world.clock.advance(HOUR_MS);
  await cache.sweep();
  const left = readdirSync(world.dir.file('mail-proxy-attachments'), { recursive: true });
  expect(left.toSorted()).toEqual(['CACHEDIR.TAG', 'content-v2', 'index-v5', 'tmp']);
});

test('a sweep removes the oldest until the rest is within the maximum', async () => {
  await using world = openCacheWorld({ diskMaxBytes: 10_000 });
  await using cache = await world.open();
  for (let number = 0; number < 10; number++) {
    await cache.put('acme', contentNumber(number, 1_000));
    await world.clock.advance(1);
  }
  await using smaller = await world.open({ diskMaxBytes: 3_500 });
  await smaller.sweep();
  const found = [];
  for (let number = 0; number < 10; number++) {
    if ((await cache.get('acme', byMd5(contentNumber(number, 1_000)))) !== null) found.push(number);
  }
  expect(found).toEqual([7, 8, 9]);
  expect(world.contents()).toHaveLength(3);
});

test('a content that two tenants put stays for the one whose entry lives, and counts once', async () => {
  await using world = openCacheWorld({ diskMaxBytes: 2_000 });
  await using cache = await world.open();
  const shared = contentNumber(1, 1_500);
  await cache.put('acme', shared);
  await world.clock.advance(HOUR_MS);
  await cache.put('other', shared);
  await world.clock.advance(1);
  await cache.sweep();
  expect(await cache.get('acme', bySha256(shared))).toBeNull();
  expect(await hashOf(await cache.get('other', bySha256(shared)))).toBe(shared.sha256);
  await cache.put('acme', shared);
  await cache.sweep();
  expect(await cache.get('acme', bySha256(shared))).not.toBeNull();
  expect(await cache.get('other', bySha256(shared))).not.toBeNull();
});

test('the maximum holds between sweeps, and a content above it is not kept', async () => {
  await using world = openCacheWorld({ diskMaxBytes: 10_000 });
  await using cache = await world.open();
  for (let number = 0; number < 30; number++) {
    await cache.put('acme', contentNumber(number, 1_000));
    await world.clock.advance(1);
    expect(world.contents().length).toBeLessThanOrEqual(10);
    expect(await cache.get('acme', byMd5(contentNumber(number, 1_000)))).not.toBeNull();
  }
  await Promise.all(Array.from({ length: 30 }, (_, number) => cache.put('acme', contentNumber(100 + number, 1_000))));
  expect(world.contents().length).toBeLessThanOrEqual(10);
  const before = world.contents();
  await cache.put('acme', contentNumber(1, 10_001));
  expect(world.contents()).toEqual(before);
  expect(world.warnings).toEqual([]);
});

test('who reads a file while a sweep removes it reads on', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 300_000);
  await cache.put('acme', content);
  const reading = (await cache.get('acme', byMd5(content)))!.read()[Symbol.asyncIterator]();
  const first = await reading.next();
  await world.clock.advance(HOUR_MS + 1);
  await cache.sweep();
  expect(world.contents()).toEqual([]);
  const rest = await buffer({ [Symbol.asyncIterator]: () => reading });
  expect(hash('sha256', Buffer.concat([first.value, rest]))).toBe(content.sha256);
});

test('a content that is put while a sweep removes its older self is found afterwards', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 5_000);
  for (let i = 0; i < 20; i++) {
    await cache.put('acme', content);
    await world.clock.advance(HOUR_MS + 1);
    await Promise.all([cache.sweep(), cache.put('other', content), cache.sweep()]);
    expect(await hashOf(await cache.get('other', byMd5(content)))).toBe(content.sha256);
    await world.clock.advance(HOUR_MS + 1);
    await cache.sweep();
  }
});

test('several processes that put, read and sweep on one folder never get wrong bytes', async () => {
  await using world = openCacheWorld({ diskMaxBytes: 20_000 });
  await using one = await world.open();
  await using two = await world.open();
  const contents = Array.from({ length: 8 }, (_, number) => contentNumber(number, 3_000));
  for (let round = 0; round < 10; round++) {
    const work = contents.flatMap((content, number) => {
      const [mine, theirs] = number % 2 === 0 ? [one, two] : [two, one];
      return [mine.put('acme', content), theirs.get('acme', byMd5(content)), theirs.put('other', content)];
    });
    await Promise.all([...work, one.sweep(), two.sweep()]);
    for (const content of contents) {
      const found = await one.get('acme', bySha256(content));
      if (found !== null) expect(await hashOf(found)).toBe(content.sha256);
    }
    await world.clock.advance(HOUR_MS / 2);
  }
  await world.clock.advance(HOUR_MS + 1);
  await one.sweep();
  expect([...world.contents(), ...world.drafts(), ...world.buckets()]).toEqual([]);
});

test('what a dead process left is removed after an hour, and not while it may be in use', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  await cache.put('acme', contentNumber(1, 500));
  const [content = ''] = world.contents();
  const folder = world.dir.file('mail-proxy-attachments');
  const leftovers = [`${dirname(content)}/${'0'.repeat(60)}`, `${folder}/content-v1/a/b/c`, `${folder}/tmp/draft`];
  for (const path of leftovers) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'left');
  }
  await cache.sweep();
  expect([...world.contents(), ...world.drafts()]).toHaveLength(3);
  const old = new Date(world.clock.now() - HOUR_MS);
  for (const path of leftovers) utimesSync(path, old, old);
  await cache.sweep();
  expect([...world.contents(), ...world.drafts()]).toEqual([content]);
  expect(readdirSync(`${folder}/content-v1`)).toEqual([]);
  expect(await bytesOf(await cache.get('acme', byMd5(contentNumber(1, 500))))).toHaveLength(500);
});

test('a sweep that is broken off says nothing, and the next one does the rest', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  await cache.put('acme', contentNumber(1, 500));
  await world.clock.advance(HOUR_MS + 1);
  await cache.sweep(AbortSignal.abort());
  expect(world.contents()).toHaveLength(1);
  await cache.sweep();
  expect(world.contents()).toEqual([]);
  expect(world.warnings).toEqual([]);
});
