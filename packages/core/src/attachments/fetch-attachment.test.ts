// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { MailProxyError } from '../errors.ts';
import { type Asked, openAttachments, referenceTo } from './attachments-world.case.ts';
import { createAttachmentFetcher } from './fetch-attachment.ts';
import { openFiles } from './files/files-world.case.ts';
import { openFilesBelow } from './open-files.case.ts';

const CONTENT = 'content';
const md5 = createHash('md5').update(CONTENT).digest('hex');
const sha256 = createHash('sha256').update(CONTENT).digest('hex');

const file = (path: string): Asked => ({ mode: 'filesystem', path });

describe('hashes', () => {
  test('that are right, in any case of letters, are agreed with, and told', async () => {
    using files = openFiles();
    const asked = file(files.write('a.pdf', CONTENT));
    await using world = openAttachments({ roots: [files.inside] });
    const reference = referenceTo({ ...asked, md5: md5.toUpperCase(), sha256 });
    await using spooled = await world.fetcher.fetch(reference, new AbortController().signal);
    expect(spooled).toMatchObject({ sizeBytes: 7, md5, sha256 });
  });

  test.each([
    ['MD5', { md5: '0'.repeat(32), sha256 }, md5, '0'.repeat(32)],
    ['SHA-256', { md5, sha256: '0'.repeat(64) }, sha256, '0'.repeat(64)],
  ])('of which %s is wrong refuse the file for good, and both are named', async (name, hashes, found, expected) => {
    using files = openFiles();
    const asked = file(files.write('a.pdf', CONTENT));
    await using world = openAttachments({ roots: [files.inside] });
    expect(await world.failure({ ...asked, ...hashes })).toMatchObject({
      code: 'hash_mismatch',
      permanence: 'permanent',
      reason: `attachment report.pdf: its ${name} is ${found}, and ${expected} was expected`,
    });
  });
});

test('what the stores throw is no failure of an attachment', async () => {
  const down = new MailProxyError('database_unavailable');
  const fetcher = createAttachmentFetcher({
    http: {
      request: () => {
        throw new Error('nobody is asked');
      },
    },
    clock: systemClock,
    roots: [],
    backends: [],
    tenantOf: () => Promise.reject(down),
    openStorage: () => Promise.reject(down),
    limits: { maxBytes: 1_000, timeoutMs: 1_000 },
  });
  for (const [mode, path] of [
    ['http_url', 'http://files.example/'],
    ['endpoint', 'doc'],
    ['storage', 'files:a.pdf'],
  ] as const) {
    const fetching = fetcher.fetch(referenceTo({ mode, path }), new AbortController().signal);
    await expect(fetching).rejects.toBe(down);
  }
});

test('temporary files have no name, and are closed once nobody needs them', async () => {
  using files = openFiles();
  const asked = file(files.write('a.pdf', Buffer.alloc(900_000)));
  await using world = openAttachments({ roots: [files.inside] });
  {
    await using spooled = await world.fetcher.fetch(referenceTo(asked), new AbortController().signal);
    expect(spooled.sizeBytes).toBe(900_000);
    expect(readdirSync(world.spoolDir)).toEqual([]);
    if (process.platform === 'linux') expect(openFilesBelow(world.spoolDir)).toHaveLength(1);
  }
  expect(openFilesBelow(world.spoolDir)).toEqual([]);
  expect(await world.failure({ ...asked, md5 })).toMatchObject({ code: 'hash_mismatch' });
  expect([...openFilesBelow(world.spoolDir), ...openFilesBelow(files.inside)]).toEqual([]);
});
