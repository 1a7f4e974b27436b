// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { standingClock } from '../../smtp/standing-clock.case.ts';
import { byMd5, bySha256, bytesOf, contentNumber, contentOf } from './cache-world.case.ts';
import { MemoryTier } from './memory-tier.ts';

/** Room for ten contents of 1,000 bytes, with what is counted for each on top. */
function tierOf(maxBytes = 10 * 2_024) {
  const { clock, advance } = standingClock();
  return { tier: new MemoryTier({ clock, maxBytes, ttlMs: 1_000 }), advance };
}

const lost = expect.objectContaining({ code: 'cached_content_lost' });

test('a content is found by both hashes until it is too old, however often it was asked for', async () => {
  const { tier, advance } = tierOf();
  const content = contentOf('hello');
  await tier.put('acme', content);
  for (let i = 0; i < 2; i++) {
    expect(await bytesOf(tier.get('acme', byMd5(content)))).toEqual(Buffer.from('hello'));
    expect(tier.get('acme', bySha256(content))).toMatchObject({
      sizeBytes: 5,
      md5: content.md5,
      sha256: content.sha256,
    });
    advance(500);
  }
  advance(1);
  expect(tier.get('acme', byMd5(content))).toBeNull();
  expect(tier.get('acme', bySha256(content))).toBeNull();
});

test('an empty content is kept as well', async () => {
  const { tier } = tierOf();
  await tier.put('acme', contentOf(''));
  expect(await bytesOf(tier.get('acme', bySha256(contentOf(''))))).toHaveLength(0);
});

test('what was not asked for the longest makes room', async () => {
  const { tier } = tierOf();
  const contents = Array.from({ length: 12 }, (_, number) => contentNumber(number, 1_000));
  for (const content of contents.slice(0, 10)) await tier.put('acme', content);
  tier.get('acme', byMd5(contents[0]!));
  for (const content of contents.slice(10)) await tier.put('acme', content);
  const found = contents.map((content) => tier.get('acme', byMd5(content)) !== null);
  expect(found.indexOf(false)).toBe(1);
  expect(found.lastIndexOf(false)).toBe(2);
});

test('a content that is larger than all the room is not kept, and removes no other', async () => {
  const { tier } = tierOf();
  await tier.put('acme', contentOf('small'));
  await tier.put('acme', contentNumber(1, 30_000));
  expect(tier.get('acme', byMd5(contentNumber(1, 30_000)))).toBeNull();
  expect(tier.get('acme', byMd5(contentOf('small')))).not.toBeNull();
  const { tier: without } = tierOf(0);
  await without.put('acme', contentOf(''));
  expect(without.get('acme', byMd5(contentOf('')))).toBeNull();
});

test('a sweep gives back the memory of what is too old', async () => {
  const { tier, advance } = tierOf();
  await tier.put('acme', contentNumber(1, 1_000));
  advance(1_001);
  expect(tier.usedBytes).toBeGreaterThan(1_000);
  tier.sweep();
  expect(tier.usedBytes).toBe(0);
});

test('who writes to what it read changes nothing for others', async () => {
  const { tier } = tierOf();
  const content = contentOf('hello');
  await tier.put('acme', content);
  for await (const piece of tier.get('acme', byMd5(content))!.read()) piece.fill(0);
  expect(await bytesOf(tier.get('acme', byMd5(content)))).toEqual(Buffer.from('hello'));
});

test('a source that uses one buffer for all of its pieces is kept as it was read', async () => {
  const { tier } = tierOf();
  const content = contentOf('one two ');
  const buffer = new Uint8Array(4);
  await tier.put('acme', {
    ...content,
    async *read() {
      for (const word of ['one ', 'two ']) {
        buffer.set(Buffer.from(word));
        yield buffer;
      }
    },
  });
  expect(await bytesOf(tier.get('acme', byMd5(content)))).toEqual(Buffer.from('one two '));
});

test('bytes that are not those of the hashes are refused', async () => {
  const { tier } = tierOf();
  const content = contentOf('hello');
  for (const other of ['hellO', 'hell', 'hello!']) {
    await expect(tier.put('acme', { ...content, read: contentOf(other).read })).rejects.toEqual(lost);
  }
  await expect(tier.put('acme', { ...content, md5: contentOf('other').md5 })).rejects.toEqual(lost);
  expect(tier.usedBytes).toBe(0);
});

test('whatever is put, asked for and outlived, memory never holds more than its maximum', async () => {
  const act = fc.record({
    number: fc.nat({ max: 20 }),
    sizeBytes: fc.nat({ max: 6_000 }),
    tenantId: fc.constantFrom('acme', 'other'),
    ms: fc.nat({ max: 400 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const { tier, advance } = tierOf();
      for (const { number, sizeBytes, tenantId, ms } of acts) {
        const content = contentNumber(number, sizeBytes);
        await tier.put(tenantId, content);
        advance(ms);
        const found = tier.get(tenantId, byMd5(content));
        expect(found === null ? null : await bytesOf(found)).toEqual(found === null ? null : await bytesOf(content));
        expect(tier.usedBytes).toBeLessThanOrEqual(10 * 2_024);
      }
    }),
  );
});
