// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { defineMixin, type Mixin, type MixinContext } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
import { defineOperation } from '../operations/operation.ts';
import { type MixinSetUp, type SetUpMixins, setUpMixins } from './set-up-mixins.ts';

function setUp(mixins: readonly Mixin[], given: Partial<MixinSetUp> = {}): Promise<SetUpMixins> {
  return setUpMixins(mixins, {
    // These have no tables and no secrets.
    database: {} as MixinContext['database'],
    sealer: {} as MixinContext['sealer'],
    sealsContents: false,
    outgoing: {} as MixinContext['outgoing'],
    clock: systemClock,
    random: () => 0.5,
    makePk: () => 'pk',
    log: silentLog,
    config: {},
    suppressions: { suppress: async () => [], changed: () => undefined },
    storages: { open: async () => null },
    leasesOf: () => ({ take: async () => true, release: async () => undefined }),
    macsOf: () => ({ sign: () => Buffer.of(), verify: () => false }),
    // And append nothing.
    eventsOf: () => ({}) as MixinContext['events'],
    ...given,
  });
}

test('what a mixin provides is handed to those after it, and to no one before', async () => {
  const seen: Record<string, unknown> = {};
  const reader = (id: string): Mixin =>
    defineMixin({
      id,
      contract: 1,
      setup({ provided }) {
        seen[id] = [provided('maker'), provided('absent'), provided('plain')];
        return {};
      },
    });
  const handed = { answer: 42 };
  const maker = defineMixin({ id: 'maker', contract: 1, setup: () => ({ provides: handed }) });
  const plain = defineMixin({ id: 'plain', contract: 1, setup: () => ({}) });
  await setUp([reader('before'), maker, plain, reader('after')]);
  expect(seen).toEqual({ before: [undefined, undefined, undefined], after: [handed, undefined, undefined] });
});

test('settings of a mixin that is not here are said in the log, and keep nothing from starting', async () => {
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => void said.push(fields) };
  const seen: unknown[] = [];
  const here = defineMixin({
    id: 'here',
    contract: 1,
    setup: ({ config }) => ({ provides: { seen: seen.push(config) } }),
  });
  await setUp([here], { log, config: { here: { a: 1 }, gone: { b: 2 } } });
  expect(seen).toEqual([{ a: 1 }]);
  expect(said).toEqual([{ mixins: ['gone'] }]);
});

function routed(id: string, ...paths: readonly string[]): Mixin {
  const routes = paths.map((path) => ({ path, handle: async () => new Response() }));
  return defineMixin({ id, contract: 1, setup: () => ({ routes }) });
}

test('routes of all mixins are in one list', async () => {
  const { routes } = await setUp([
    routed('one', '/download/{token}/{filename}', '/download/{token}'),
    routed('two', '/waves/{token}/seen', '/well-known/waves.txt'),
  ]);
  expect(routes.map(({ path }) => path)).toEqual([
    '/download/{token}/{filename}',
    '/download/{token}',
    '/waves/{token}/seen',
    '/well-known/waves.txt',
  ]);
});

test.each([
  ['is no path', ['download'], 'expected words'],
  ['ends with a slash', ['/download/'], 'expected words'],
  ['has a wildcard', ['/download/*'], 'expected words'],
  ['climbs', ['/download/../v1'], 'expected words'],
  ['names a part of a segment', ['/download/{token}.pdf'], 'expected words'],
  ['takes any first word', ['/{word}'], 'a word first'],
  ['is among the operations', ['/v1/download'], 'v1 is for operations'],
  ['names two segments alike', ['/download/{token}/{token}'], 'each name once'],
  ['is there twice', ['/download/{token}', '/download/{link}'], 'the route /download/{token} of mixin one'],
  ['is part of another', ['/download/{token}/{name}', '/download/new/{name}'], 'collides'],
])('a route that %s keeps the engine from opening', async (_, paths, said) => {
  const opening = setUp([routed('one', ...paths)]);
  await expect(opening).rejects.toMatchObject({ code: 'mixin_broken' });
  await expect(opening).rejects.toThrow(said);
});

test('a route where another mixin has one, or an operation, keeps the engine from opening', async () => {
  const operated = defineMixin({
    id: 'operated',
    contract: 1,
    setup: () => ({
      operations: [
        defineOperation({
          name: 'files.get',
          summary: 'Show a file',
          http: { method: 'GET', path: '/files/{file_id}' },
          access: 'public',
          audit: false,
          input: v.strictObject({ file_id: v.string() }),
          output: v.null(),
          run: async (_services: object) => null,
        }),
      ],
    }),
  });
  await expect(setUp([routed('one', '/files/latest'), operated])).rejects.toThrow('the operation files.get');
  await expect(setUp([routed('one', '/a/{b}'), routed('two', '/a/b')])).rejects.toThrow('of mixin one');
});
