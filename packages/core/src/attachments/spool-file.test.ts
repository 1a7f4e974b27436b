// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { openUnnamed, SpoolFile } from './spool-file.ts';

test('the file has no name and is for its owner only', async () => {
  using dir = tempDir();
  const file = await openUnnamed(dir.path);
  const { mode, nlink } = await file.stat();
  expect(mode & 0o777).toBe(0o600);
  expect(nlink).toBe(0);
  expect(readdirSync(dir.path)).toEqual([]);
  await file.close();
});

test('a disk that is full is trouble for now', async (context) => {
  if (!existsSync('/dev/full')) context.skip('no device that is always full here');
  await using full = new SpoolFile(await open('/dev/full', 'r+'));
  await expect(full.append(Buffer.alloc(10))).rejects.toMatchObject({
    name: 'AttachmentFailure',
    code: 'not_kept',
    permanence: 'temporary',
    reason: 'no temporary file of it can be used: ENOSPC',
  });
});

test('a file that became shorter is not taken for whole', async () => {
  using dir = tempDir();
  const file = await openUnnamed(dir.path);
  await using spooled = new SpoolFile(file);
  await spooled.append(Buffer.alloc(100));
  await file.truncate(50);
  await expect(buffer(spooled.read())).rejects.toMatchObject({ code: 'not_kept' });
});

test('a reader that leaves early keeps no other from reading on', async () => {
  using dir = tempDir();
  await using spooled = new SpoolFile(await openUnnamed(dir.path));
  await spooled.append(Buffer.alloc(200_000));
  for await (const _piece of spooled.read()) break;
  expect((await buffer(spooled.read())).byteLength).toBe(200_000);
});
