// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { defineMixin, type Mixin, type MixinContext } from '../mixin/contract.ts';
import { silentLog } from '../observability/log.ts';
import { type SetUpMixins, setUpMixins } from './set-up-mixins.ts';

function setUp(mixins: readonly Mixin[]): Promise<SetUpMixins> {
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
