// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { byMd5, bySha256, contentNumber, contentOf, hashOf, openCacheWorld } from './cache-world.case.ts';

const lost = expect.objectContaining({ code: 'cached_content_lost' });

test('a content is found by both hashes until it is too old, by another instance too', async () => {
  await using world = openCacheWorld();
  const content = contentNumber(1, 5_000);
  {
    await using cache = await world.open();
    await cache.put('acme', content);
  }
  await using cache = await world.open();
  await world.clock.advance(3_600_000);
  for (const hash of [byMd5(content), bySha256(content)]) {
    const found = await cache.get('acme', hash);
    expect(found).toMatchObject({ tier: 'disk', sizeBytes: 5_000, md5: content.md5, sha256: content.sha256 });
    expect(await hashOf(found)).toBe(content.sha256);
    expect(await hashOf(found)).toBe(content.sha256);
  }
  await world.clock.advance(1);
  expect(await cache.get('acme', byMd5(content))).toBeNull();
  expect(await cache.get('acme', bySha256(content))).toBeNull();
});

test('a wall clock that is set back does not lengthen the life of a content', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  await cache.put('acme', contentNumber(1, 500));
  world.clock.setWallTime(world.clock.now() - 3_600_001);
  expect(await cache.get('acme', byMd5(contentNumber(1, 500)))).toBeNull();
});

test('a tenant that knows the hash of a content of another finds nothing, and its own after it has put it', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  await cache.put('acme', content);
  expect(await cache.get('other', bySha256(content))).toBeNull();
  expect(await cache.get('acme', bySha256(content))).not.toBeNull();
  await cache.put('other', content);
  expect(await hashOf(await cache.get('other', byMd5(content)))).toBe(content.sha256);
  expect(world.contents()).toHaveLength(1);
});

test('a tenant that claims the hash of a content without having its bytes gets none', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  await cache.put('acme', content);
  await cache.put('other', { ...content, read: contentNumber(2, 500).read });
  await cache.put('other', { ...content, read: contentOf('').read });
  await cache.put('other', { ...content, md5: contentNumber(2, 500).md5 });
  expect(await cache.get('other', bySha256(content))).toBeNull();
  expect(await cache.get('other', byMd5(contentNumber(2, 500)))).toBeNull();
  expect(await hashOf(await cache.get('acme', bySha256(content)))).toBe(content.sha256);
});

test('the folder is for its owner only', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  chmodSync(world.dir.path, 0o755);
  await cache.put('acme', contentNumber(1, 500));
  expect(readdirSync(world.dir.path)).toEqual(['mail-proxy-attachments']);
  expect(statSync(world.dir.file('mail-proxy-attachments')).mode & 0o777).toBe(0o700);
});

describe('a file that', () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ['is damaged', (path) => writeFileSync(path, readFileSync(path).fill(0, 250, 251))],
    ['is truncated', (path) => truncateSync(path, 499)],
    ['is empty', (path) => truncateSync(path, 0)],
    ['has more at its end', (path) => writeFileSync(path, 'more', { flag: 'a' })],
    ['is gone', (path) => rmSync(path)],
  ];

  test.each(damages)('%s counts as not found, is removed, and can be put anew', async (_what, damage) => {
    await using world = openCacheWorld();
    await using cache = await world.open();
    const content = contentNumber(1, 500);
    await cache.put('acme', content);
    await cache.put('other', content);
    const [path = ''] = world.contents();
    damage(path);
    expect(await cache.get('acme', byMd5(content))).toBeNull();
    expect(world.contents()).toEqual([]);
    expect(await cache.get('other', bySha256(content))).toBeNull();
    await cache.put('acme', content);
    expect(await hashOf(await cache.get('acme', byMd5(content)))).toBe(content.sha256);
  });

  test.each(damages)('%s after it was found makes its reader throw, before the last byte', async (_what, damage) => {
    await using world = openCacheWorld();
    await using cache = await world.open();
    const content = contentNumber(1, 500);
    await cache.put('acme', content);
    const found = await cache.get('acme', byMd5(content));
    damage(world.contents()[0] ?? '');
    let seenBytes = 0;
    const reading = (async () => {
      for await (const piece of found!.read()) seenBytes += piece.length;
    })();
    await expect(reading).rejects.toEqual(lost);
    expect(seenBytes).toBeLessThan(500);
    expect(await cache.get('acme', byMd5(content))).toBeNull();
  });
});

test('an index that is damaged or holds something else counts as not found', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  await cache.put('acme', content);
  for (const path of world.buckets())
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('storedAt', 'storedat'));
  expect(await cache.get('acme', byMd5(content))).toBeNull();
  for (const path of world.buckets()) writeFileSync(path, Buffer.alloc(10_000, 0xff));
  expect(await cache.get('acme', byMd5(content))).toBeNull();
  expect(world.warnings).toEqual([]);
});

test.each([
  ['a path', '../../etc/passwd'],
  ['nothing', ''],
  ['a megabyte', 'a'.repeat(1_048_576)],
])('%s in place of a hash finds nothing, keeps nothing and touches no file', async (_what, hex) => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  for (const algorithm of ['md5', 'sha256'] as const) {
    expect(await cache.get('acme', { algorithm, hex })).toBeNull();
    await cache.put('acme', { ...content, [algorithm]: hex });
  }
  expect(readdirSync(world.dir.path)).toEqual([]);
});

test('a tenant whose name is a path stays in the folder', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 500);
  for (const tenantId of ['../../outside', '/etc', '__proto__', '', 'nul\0']) {
    await cache.put(tenantId, content);
    expect(await hashOf(await cache.get(tenantId, byMd5(content)))).toBe(content.sha256);
  }
  expect(readdirSync(world.dir.path)).toEqual(['mail-proxy-attachments']);
  await cache.sweep();
  expect(world.buckets()).toHaveLength(10);
});

test('one that puts a content again while another reads it harms neither', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  await using other = await world.open();
  const content = contentNumber(1, 300_000);
  await cache.put('acme', content);
  const reading = (await cache.get('acme', byMd5(content)))!.read()[Symbol.asyncIterator]();
  const first = await reading.next();
  await Promise.all([cache.put('acme', content), other.put('acme', content), cache.put('other', content)]);
  const rest = await buffer({ [Symbol.asyncIterator]: () => reading });
  expect(hash('sha256', Buffer.concat([first.value, rest]))).toBe(content.sha256);
  expect(world.contents()).toHaveLength(1);
  expect(world.drafts()).toEqual([]);
  expect(world.warnings).toEqual([]);
});

test('a source that fails midway leaves nothing behind', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 300_000);
  await cache.put('acme', {
    ...content,
    async *read() {
      let pieces = 0;
      for await (const piece of content.read()) {
        if (++pieces === 100) throw new Error('the server hung up');
        yield piece;
      }
    },
  });
  expect(await cache.get('acme', byMd5(content))).toBeNull();
  expect([...world.contents(), ...world.drafts()]).toEqual([]);
  expect(world.warnings).toMatchObject([{ err: { message: 'the server hung up' } }]);
});

test('a content of 64 MiB goes to disk and back in pieces, the source never far ahead of the file', async () => {
  await using world = openCacheWorld({ diskMaxBytes: 100_000_000 });
  await using cache = await world.open();
  const MIB = 1_048_576;
  const piece = Buffer.alloc(65_536, 'piec');
  const whole = contentOf(Buffer.alloc(64 * MIB, 'piec'));
  let ahead = 0;
  await cache.put('acme', {
    ...whole,
    async *read() {
      for (let given = 0; given < 64 * MIB; given += piece.length) {
        const [draft] = world.drafts();
        if (draft !== undefined) ahead = Math.max(ahead, given - statSync(draft).size);
        yield Buffer.from(piece);
      }
    },
  });
  expect(ahead).toBeGreaterThan(0);
  expect(ahead).toBeLessThanOrEqual(MIB);
  let largest = 0;
  let readBytes = 0;
  for await (const part of (await cache.get('acme', byMd5(whole)))!.read()) {
    largest = Math.max(largest, part.length);
    readBytes += part.length;
  }
  expect(readBytes).toBe(64 * MIB);
  expect(largest).toBeLessThanOrEqual(65_536);
});

test('a reader that leaves early keeps no file open', async () => {
  await using world = openCacheWorld();
  await using cache = await world.open();
  const content = contentNumber(1, 300_000);
  await cache.put('acme', content);
  const found = await cache.get('acme', byMd5(content));
  for await (const piece of found!.read()) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  await eventually(() => openFiles().every((path) => !path.startsWith(world.dir.path)));
});

/** Where the system tells. */
function openFiles(): readonly string[] {
  const folder = '/proc/self/fd';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // Closed meanwhile, as the one of this listing.
      return [];
    }
  });
}
