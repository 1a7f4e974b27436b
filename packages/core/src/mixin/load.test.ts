// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type TempDir, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { type EditionChoice, type LoadedMixins, loadMixins } from './load.ts';

const GOOD = `export const mixins = [{ id: 'hello', contract: 1, setup: () => ({}) }];`;

/** How an application looks for the package: this file lies where the application would. */
const FINDER = `
  export function resolve() {
    try {
      return import.meta.resolve('enterprise-under-test');
    } catch (error) {
      if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
      throw error;
    }
  }
  export const load = (resolved) => import(resolved);
`;

/** Write the package with this source, or no package at all. */
function installation(source: string | null): TempDir {
  const dir = tempDir();
  writeFileSync(dir.file('finder.mjs'), FINDER);
  if (source !== null) {
    install(dir, { type: 'module', exports: './index.js' });
    writeFileSync(dir.file('node_modules', 'enterprise-under-test', 'index.js'), source);
  }
  return dir;
}

function install(dir: TempDir, manifest: object): void {
  mkdirSync(dir.file('node_modules', 'enterprise-under-test'), { recursive: true });
  writeFileSync(
    dir.file('node_modules', 'enterprise-under-test', 'package.json'),
    JSON.stringify({ name: 'enterprise-under-test', version: '1.0.0', ...manifest }),
  );
}

async function loadIn(dir: TempDir, edition: EditionChoice = 'auto'): Promise<LoadedMixins> {
  const finder = await import(pathToFileURL(dir.file('finder.mjs')).href);
  return loadMixins({ edition, resolve: finder.resolve, load: finder.load });
}

describe('loading mixins', () => {
  test('without the package it is the community edition', async () => {
    using dir = installation(null);
    expect(await loadIn(dir)).toEqual({ edition: 'community', mixins: [] });
  });

  test.each<EditionChoice>(['auto', 'enterprise'])(
    'with the package, %s is the enterprise edition',
    async (edition) => {
      using dir = installation(GOOD);
      const loaded = await loadIn(dir, edition);
      expect(loaded.edition).toBe('enterprise');
      expect(loaded.mixins.map(({ id }) => id)).toEqual(['hello']);
    },
  );

  test('enterprise demanded and absent refuses', async () => {
    using dir = installation(null);
    await expect(loadIn(dir, 'enterprise')).rejects.toMatchObject({ code: 'mixin_required' });
  });

  test('community never looks, though the package is there', async () => {
    const looked = (): never => {
      throw new Error('it looked');
    };
    expect(await loadMixins({ edition: 'community', resolve: looked, load: looked })).toEqual({
      edition: 'community',
      mixins: [],
    });
  });

  test('another contract refuses, naming both, whatever else the mixin looks like', async () => {
    using dir = installation(`export const mixins = [{ id: 'later', contract: 2, install() {} }];`);
    const failure = loadIn(dir);
    await expect(failure).rejects.toMatchObject({
      code: 'mixin_incompatible',
      extra: { mixin: 'later', mixin_contract: 2, engine_contract: 1 },
    });
    await expect(failure).rejects.toThrow(/later .*contract 2.*contract 1/);
  });

  test('a missing dependency of the package is broken, not absent', async () => {
    using dir = installation(`import 'a-package-that-nobody-installed';\n${GOOD}`);
    const failure = loadIn(dir);
    await expect(failure).rejects.toMatchObject({ code: 'mixin_broken', cause: { code: 'ERR_MODULE_NOT_FOUND' } });
    await expect(failure).rejects.toThrow('a-package-that-nobody-installed');
  });

  test('a package whose code was not built is broken, not absent', async () => {
    using dir = installation(null);
    install(dir, { type: 'module', exports: './dist/index.js' });
    await expect(loadIn(dir)).rejects.toMatchObject({ code: 'mixin_broken' });
  });

  test('a package that cannot be resolved is broken, not absent', async () => {
    using dir = installation(null);
    install(dir, { type: 'module', exports: {} });
    await expect(loadIn(dir)).rejects.toMatchObject({
      code: 'mixin_broken',
      cause: { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' },
    });
  });

  test.each([
    ['throws while it loads', `throw new Error('no licence file');`, 'no licence file'],
    ['is not JavaScript', `export const mixins = [;`, 'does not load'],
    ['exports nothing', `export const other = 1;`, 'exports no "mixins"'],
    ['exports no list', `export const mixins = {};`, 'no list'],
    ['exports something else', `export const mixins = [null];`, 'mixins[0] is malformed'],
    ['leaves out the contract', `export const mixins = [{ id: 'hello', setup() {} }];`, 'contract: missing'],
    [
      'leaves out the setup',
      `export const mixins = [{ id: 'hello', contract: 1 }];`,
      'mixin hello is malformed: setup: missing',
    ],
    [
      'has an id that is none',
      `export const mixins = [{ id: 'Hello!', contract: 1, setup() {} }];`,
      'id: expected lower-case',
    ],
    ['takes the id of core', `export const mixins = [{ id: 'core', contract: 1, setup() {} }];`, 'core is taken'],
    [
      'has a hole in its migrations',
      `export const mixins = [{ id: 'hello', contract: 1, setup() {}, migrations: [{ number: 2, name: 'x', minReader: 1, up() {} }] }];`,
      'migrations: expected the numbers 1, 2, 3',
    ],
    [
      'lists an event type that is not its own',
      `export const mixins = [{ id: 'hel-lo', contract: 1, setup() {}, eventTypes: ['hel_lo_seen', 'bounce'] }];`,
      'the event type bounce of mixin hel-lo is malformed: expected hel_lo_ and a word',
    ],
    [
      'has two mixins of one id',
      `const one = { id: 'hello', contract: 1, setup() {} }; export const mixins = [one, { ...one }];`,
      'two mixins have the id hello',
    ],
  ])('a package that %s is broken', async (_, source, said) => {
    using dir = installation(source);
    const failure = loadIn(dir);
    await expect(failure).rejects.toMatchObject({ code: 'mixin_broken' });
    await expect(failure).rejects.toThrow(said);
  });
});
