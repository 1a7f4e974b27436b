// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { linkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { fileBody } from './file-body.ts';
import { openFiles, textOf } from './files-world.case.ts';
import { type ContainedPath, locateContained, locateFolders } from './locate-contained.ts';
import { liesWithinStill, openContained, openRegular } from './open-contained.ts';

const locate = async (path: string, folders: readonly string[]): Promise<ContainedPath> =>
  await locateContained(path, await locateFolders(folders));

const read = async (path: string, folders: readonly string[]): Promise<string> =>
  await textOf(fileBody(await openContained(await locate(path, folders))));

const NOT_ALLOWED = { name: 'AttachmentFailure', code: 'not_allowed', permanence: 'permanent' };
const OUTSIDE = { ...NOT_ALLOWED, reason: 'its path leads out of the folder that it has to lie in' };
const NOT_REGULAR = { ...NOT_ALLOWED, reason: 'it is not a regular file' };
const NOT_FOUND = { code: 'not_found', permanence: 'permanent', reason: 'there is no such file' };

describe('a file', () => {
  test('is read, whatever its name', async () => {
    using files = openFiles();
    for (const name of ['a.pdf', 'ü b\n.pdf', '..a', 'b..', '%2e%2e', 'C:\\a', '-rf', '*']) {
      expect(await read(files.write(name, name), [files.inside])).toBe(name);
    }
  });

  test('is read through links that stay inside, and through a folder that is one', async () => {
    using files = openFiles();
    files.folder('sub');
    files.write('sub/a.pdf', 'content');
    files.link('to-file', 'sub/a.pdf');
    files.link('to-folder', `${files.inside}/sub`);
    const alias = `${files.outside}/alias`;
    symlinkSync(files.inside, alias);
    for (const path of ['to-file', 'to-folder/a.pdf', 'sub/../sub/a.pdf']) {
      expect(await read(`${files.inside}/${path}`, [files.inside])).toBe('content');
      expect(await read(`${alias}/${path}`, [alias])).toBe('content');
    }
  });

  test('may lie in any of several folders', async () => {
    using files = openFiles();
    const path = files.write('a.pdf', 'content');
    expect(await read(path, [`${files.outside}/missing`, files.outside, files.inside])).toBe('content');
  });
});

describe('what lies outside', () => {
  test('is not read through a link to it, to its folder, or to a link to it', async () => {
    using files = openFiles();
    files.link('to-secret', files.secret);
    files.link('relative', '../outside/secret');
    files.link('to-link', 'to-secret');
    files.link('to-folder', files.outside);
    for (const name of ['to-secret', 'relative', 'to-link', 'to-folder/secret', '../outside/secret']) {
      await expect(read(`${files.inside}/${name}`, [files.inside]), name).rejects.toMatchObject(OUTSIDE);
    }
  });

  test('is not read where a folder begins like the one that is allowed', async () => {
    using files = openFiles();
    files.folder('acme');
    const path = `${files.folder('acme2')}/a.pdf`;
    writeFileSync(path, 'content');
    await expect(read(path, [`${files.inside}/acme`])).rejects.toMatchObject(OUTSIDE);
  });

  test('is not told apart: that a link leads to nothing is all that is said', async () => {
    using files = openFiles();
    const dangling = files.link('dangling', `${files.outside}/missing`);
    await expect(read(dangling, [files.inside])).rejects.toMatchObject(NOT_FOUND);
  });
});

describe('what took the place of a file after it was looked at', () => {
  test('is not followed if it is a link', async () => {
    using files = openFiles();
    const path = files.write('a.pdf', 'content');
    const located = await locate(path, [files.inside]);
    unlinkSync(path);
    symlinkSync(files.secret, path);
    await expect(openContained(located)).rejects.toMatchObject(NOT_REGULAR);
  });

  test('is not read if a link took the place of its folder', async () => {
    using files = openFiles();
    const folder = files.folder('sub');
    const located = await locate(files.write('sub/secret', 'content'), [files.inside]);
    renameSync(folder, `${folder}-before`);
    symlinkSync(files.outside, folder);
    await expect(openContained(located)).rejects.toMatchObject(OUTSIDE);
  });

  test('is not read if a link took the place of the folder that it has to lie in', async () => {
    using files = openFiles();
    const folder = files.folder('sub');
    const path = files.write('sub/secret', 'content');
    const folders = await locateFolders([folder]);
    renameSync(folder, `${folder}-before`);
    symlinkSync(files.outside, folder);
    await expect(locateContained(path, folders)).rejects.toMatchObject(OUTSIDE);
  });

  test('is not waited for if it is a FIFO', async () => {
    using files = openFiles();
    const path = files.write('a.pdf', 'content');
    const located = await locate(path, [files.inside]);
    unlinkSync(path);
    files.fifo('a.pdf');
    await expect(openContained(located)).rejects.toMatchObject(NOT_REGULAR);
  });

  test('is refused at the moment of opening too', async () => {
    using files = openFiles();
    const check = async () => undefined;
    await expect(openRegular(files.fifo('fifo'), check)).rejects.toMatchObject(NOT_REGULAR);
    await expect(openRegular(files.link('link', files.secret), check)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  test('is missing if it was deleted', async () => {
    using files = openFiles();
    const path = files.write('a.pdf', 'content');
    const located = await locate(path, [files.inside]);
    unlinkSync(path);
    await expect(openContained(located)).rejects.toMatchObject(NOT_FOUND);
  });
});

describe('where the system does not tell which file was opened', () => {
  test('the path has to lead to the same file still', async () => {
    using files = openFiles();
    const path = files.write('a.pdf', 'content');
    const located = await locate(path, [files.inside]);
    const { file } = await openContained(located);
    expect(await liesWithinStill(file, located)).toBe(true);
    renameSync(path, `${path}-before`);
    files.write('a.pdf', 'other');
    expect(await liesWithinStill(file, located)).toBe(false);
    await file.close();
  });

  test('the path has to stay inside', async () => {
    using files = openFiles();
    const folder = files.folder('sub');
    const located = await locate(files.write('sub/a.pdf', 'content'), [files.inside]);
    const { file } = await openContained(located);
    // Even the same file, by a name outside.
    linkSync(`${folder}/a.pdf`, `${files.outside}/a.pdf`);
    rmSync(folder, { recursive: true });
    symlinkSync(files.outside, folder);
    expect(await liesWithinStill(file, located)).toBe(false);
    await file.close();
  });
});

describe('what is no regular file', () => {
  test('is refused: a folder, a FIFO, a socket, a device', async () => {
    using files = openFiles();
    const server = createServer().listen(`${files.inside}/socket`);
    await once(server, 'listening');
    for (const path of [files.folder('sub'), files.fifo('fifo'), `${files.inside}/socket`, files.inside]) {
      await expect(read(path, [files.inside]), path).rejects.toMatchObject(NOT_REGULAR);
    }
    await expect(read('/dev/zero', ['/dev'])).rejects.toMatchObject(NOT_REGULAR);
    server.close();
    await once(server, 'close');
  });
});

describe('what is not there', () => {
  test('is not found: no such file, a file for a folder, a name that is too long', async () => {
    using files = openFiles();
    files.write('a.pdf', 'content');
    for (const name of ['missing', 'missing/a.pdf', 'a.pdf/b.pdf', 'a.pdf/', 'x'.repeat(300), 'A.pdf']) {
      await expect(read(`${files.inside}/${name}`, [files.inside]), name).rejects.toMatchObject(NOT_FOUND);
    }
  });

  test('links in a circle are refused', async () => {
    using files = openFiles();
    files.link('a', 'b');
    await expect(read(files.link('b', 'a'), [files.inside])).rejects.toMatchObject(NOT_ALLOWED);
  });

  test('a folder that is not there may come back', async () => {
    using files = openFiles();
    const unmounted = `${files.inside}/unmounted`;
    await expect(read(`${unmounted}/a.pdf`, [unmounted])).rejects.toMatchObject({
      code: 'unavailable',
      permanence: 'temporary',
      reason: 'the folder that it has to lie in is not there',
    });
  });
});

test('a body that is left early closes its file', async () => {
  using files = openFiles();
  const opened = await openContained(await locate(files.write('a.pdf', Buffer.alloc(200_000)), [files.inside]));
  expect(opened.sizeBytes).toBe(200_000);
  for await (const piece of fileBody(opened).body) {
    expect(piece.byteLength).toBe(65_536);
    break;
  }
  expect(opened.file.fd).toBe(-1);
});
