// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Asked, openAttachments } from '../attachments-world.case.ts';
import { openFiles } from '../files/files-world.case.ts';
import { createLocalStorage } from './local.ts';

const stored = (path: string): Asked => ({ mode: 'storage', path: `files:${path}` });

const open = (roots: readonly string[], basePath: string) =>
  openAttachments({
    backends: [createLocalStorage(roots)],
    storages: { files: { protocol: 'local', config: { base_path: basePath } } },
  });

describe('a configuration', () => {
  const check = (config: unknown, roots = ['/srv/{tenant}', '/data']) =>
    createLocalStorage(roots).check(config, { tenantId: 'acme' });

  test.each(['/srv/acme', '/srv/acme/', '/srv/acme/files', '/data', '/data/x'])('may name %s', (base_path) => {
    expect(check({ base_path })).toEqual([]);
  });

  test.each([
    ['/etc', "expected a path below one of the tenant's folders"],
    ['/', "expected a path below one of the tenant's folders"],
    ['/srv', "expected a path below one of the tenant's folders"],
    ['/srv/other', "expected a path below one of the tenant's folders"],
    ['/database', "expected a path below one of the tenant's folders"],
    ['/data/../etc', 'expected a path without .. in it'],
    ['/data/\0', 'expected a path without NUL'],
    ['data', 'expected an absolute path'],
    ['', 'expected an absolute path'],
  ])('may not name %j', (base_path, message) => {
    expect(check({ base_path })).toEqual([{ pointer: '/base_path', message }]);
  });

  test.each([null, undefined, 'text', {}, { base_path: 1 }, { base_path: '/data', more: 1 }, []])(
    'is not %j',
    (config) => {
      expect(check(config)).toEqual([
        { pointer: '/base_path', message: 'expected base_path, a folder, and nothing else' },
      ]);
    },
  );

  test('names nothing where there is no root', () => {
    expect(check({ base_path: '/data' }, [])).toHaveLength(1);
  });
});

test('a file below the base path is fetched', async () => {
  using files = openFiles();
  const base = files.folder('base');
  files.folder('base/sub');
  writeFileSync(`${base}/sub/a.pdf`, 'content');
  await using world = open([files.inside], base);
  expect(await world.text(stored('sub/a.pdf'))).toBe('content');
  expect(await world.failure(stored('missing.pdf'))).toMatchObject({ code: 'not_found', permanence: 'permanent' });
  expect(await world.failure(stored('sub'))).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
});

describe('what lies beside the base path', () => {
  test('is not fetched, though it lies below a root', async () => {
    using files = openFiles();
    const base = files.folder('base');
    files.write('private', 'content');
    files.link('base/link', '../private');
    await using world = open([files.inside], base);
    for (const path of ['link', '../private', 'sub/../../private']) {
      expect(await world.failure(stored(path)), path).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
    }
  });

  test('is not fetched through a base path that is a link out of the roots', async () => {
    using files = openFiles();
    await using world = open([files.inside], files.link('base', files.outside));
    expect(await world.failure(stored('secret'))).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
  });

  test("is not fetched through a base path that is a link to another tenant's folder", async () => {
    using files = openFiles();
    for (const tenant of ['acme', 'other']) mkdirSync(`${files.inside}/${tenant}`);
    writeFileSync(`${files.inside}/other/a.pdf`, 'of another');
    symlinkSync('../other', `${files.inside}/acme/base`);
    await using world = open([`${files.inside}/{tenant}`], `${files.inside}/acme/base`);
    expect(await world.failure(stored('a.pdf'))).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
  });
});

test('a base path outside of the roots is as good as none', async () => {
  using files = openFiles();
  await using world = open([files.inside], files.outside);
  expect(await world.failure(stored('secret'))).toMatchObject({ code: 'misconfigured', permanence: 'permanent' });
});

test('a base path that is not there may come back', async () => {
  using files = openFiles();
  await using world = open([files.inside], `${files.inside}/unmounted`);
  expect(await world.failure(stored('a.pdf'))).toMatchObject({ code: 'unavailable', permanence: 'temporary' });
});
