// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { defineMixin, type Mixin, type MixinContext } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
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
