// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { createFileStore } from './file-store.ts';
import { objectStoreCases, putText, textOf } from './object-store.case.ts';

const NEVER = new AbortController().signal;

/** A root with a folder for the store, which is not there yet, and something beside it. */
function openFolder() {
  const dir = tempDir();
  const [root, outside] = [dir.file('root'), dir.file('outside')];
  for (const folder of [root, outside]) mkdirSync(folder);
  writeFileSync(`${outside}/secret`, 'of another');
  let made = 0;
  const storeAt = (folder: string) => createFileStore({ folder, roots: [root], makeName: () => `made${++made}` });
  return { root, outside, folder: `${root}/large/acme`, storeAt, [Symbol.dispose]: dir[Symbol.dispose] };
}

objectStoreCases(async () => {
  const dir = openFolder();
  return { store: dir.storeAt(dir.folder), [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() };
});

test('a file belongs to the service alone, and nothing is left beside it', async () => {
  using dir = openFolder();
  const store = dir.storeAt(dir.folder);
  await putText(store, 'a', 'content');
  await expect(store.put('b', failing(), { sizeBytes: 7, mimeType: 'text/plain', signal: NEVER })).rejects.toThrow(
    'gone',
  );
  expect(readdirSync(dir.folder)).toEqual(['a']);
  expect(statSync(`${dir.folder}/a`).mode & 0o777).toBe(0o600);
  expect(statSync(dir.folder).mode & 0o777).toBe(0o700);
  expect(await store.presign('a', { expiresInSeconds: 60, filename: 'a', mimeType: 'text/plain' })).toBeNull();
});

test('a root that is not there may come back', async () => {
  const store = createFileStore({ folder: '/nowhere/x', roots: ['/nowhere'], makeName: () => 'made' });
  for (const act of [putText(store, 'a', 'x'), store.get('a', { signal: NEVER }), store.delete('a', NEVER)]) {
    await expect(act).rejects.toMatchObject({ code: 'unavailable', permanence: 'temporary' });
  }
});

describe('nothing beyond the folder is read, written or deleted', () => {
  test.each(['../acme2/a', '..', 'a/../../b', '/etc/passwd', '', 'a\0', 'x\\..\\..\\a'])(
    'by the key %j',
    async (key) => {
      using dir = openFolder();
      const store = dir.storeAt(dir.folder);
      mkdirSync(dir.folder, { recursive: true });
      for (const act of [
        () => putText(store, key, 'x'),
        () => store.get(key, { signal: NEVER }),
        () => store.delete(key, NEVER),
      ]) {
        await expect((async () => act())()).rejects.toMatchObject({ code: 'misconfigured' });
      }
    },
  );

  test('through a link in it', async () => {
    using dir = openFolder();
    mkdirSync(dir.folder, { recursive: true });
    symlinkSync(dir.outside, `${dir.folder}/link`);
    const store = dir.storeAt(dir.folder);
    await expect(store.get('link/secret', { signal: NEVER })).rejects.toMatchObject({ code: 'misconfigured' });
    await expect(store.delete('link/secret', NEVER)).rejects.toMatchObject({ code: 'misconfigured' });
    await expect(putText(store, 'link/new/a', 'x')).rejects.toMatchObject({ code: 'misconfigured' });
    expect(readdirSync(dir.outside)).toEqual(['secret']);
  });

  test('through a link that stands for the folder', async () => {
    using dir = openFolder();
    symlinkSync(dir.outside, `${dir.root}/large`);
    const store = dir.storeAt(dir.folder);
    await expect(putText(store, 'a', 'x')).rejects.toMatchObject({ code: 'misconfigured' });
    expect(existsSync(`${dir.outside}/acme`)).toBe(false);
  });
});

test('a name under which there is a folder, or a file in place of one, takes no object', async () => {
  using dir = openFolder();
  const store = dir.storeAt(dir.folder);
  await putText(store, 'a/b', 'x');
  await expect(putText(store, 'a', 'x')).rejects.toMatchObject({ code: 'misconfigured' });
  await expect(putText(store, 'a/b/c', 'x')).rejects.toMatchObject({ code: 'misconfigured' });
  await expect(putText(store, 'n'.repeat(300), 'x')).rejects.toMatchObject({ code: 'misconfigured' });
  expect(await store.get('a/b/c', { signal: NEVER })).toBeNull();
  expect(await textOf(store, 'a/b')).toBe('x');
});

test('reading is aborted between two pieces', async () => {
  using dir = openFolder();
  const store = dir.storeAt(dir.folder);
  await putText(store, 'a', 'x'.repeat(200_000));
  const abort = new AbortController();
  const found = await store.get('a', { signal: abort.signal });
  const read = async () => {
    for await (const _piece of found?.body ?? []) abort.abort(new Error('stopped'));
  };
  await expect(read()).rejects.toThrow('stopped');
  expect((await buffer((await store.get('a', { signal: NEVER }))?.body ?? failing())).byteLength).toBe(200_000);
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.of(1);
  throw new Error('gone');
}
