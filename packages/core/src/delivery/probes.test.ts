// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Probes } from './probes.ts';

const PAUSE_MS = 300_000;

/** Instances over the same pauses. */
function setUp() {
  const clock = new VirtualClock();
  const stored = new Map<string, number>();
  const pauses = {
    list: async () => [...stored.keys()].map((accountPk) => ({ accountPk, isByHand: false })),
    async takeProbe(pk: string, now: number, until: number) {
      const end = stored.get(pk);
      if (end === undefined || end > now) return false;
      stored.set(pk, until);
      return true;
    },
  };
  const instance = () => new Probes({ clock, pauses, settings: { accountPauseMs: PAUSE_MS } });
  return { clock, stored, instance };
}

test('what was paused here is known at once, and what others paused or resumed after a refresh', async () => {
  const { clock, stored, instance } = setUp();
  const probes = instance();
  probes.paused('mine');
  stored.set('mine', clock.now() + PAUSE_MS);
  stored.set('other', clock.now() + PAUSE_MS);
  expect([probes.isPaused('mine'), probes.isPaused('other')]).toEqual([true, false]);
  await probes.refresh();
  expect([probes.isPaused('mine'), probes.isPaused('other')]).toEqual([true, true]);
  stored.delete('mine');
  await probes.refresh();
  expect([probes.isPaused('mine'), probes.isPaused('other')]).toEqual([false, true]);
});

test('no probe is ours before the pause is over', async () => {
  const { clock, stored, instance } = setUp();
  stored.set('a', clock.now() + 1_000);
  const probes = instance();
  expect(await probes.take('a')).toBe(false);
  await clock.advance(1_000);
  expect(await probes.take('a')).toBe(true);
});

test('of many instances one gets the probe', async () => {
  const { clock, stored, instance } = setUp();
  stored.set('a', clock.now());
  const taken = await Promise.all([instance(), instance(), instance()].map((probes) => probes.take('a')));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('a probe that found no message yet stays ours until the pause that it began is over', async () => {
  const { clock, stored, instance } = setUp();
  stored.set('a', clock.now());
  const [here, there] = [instance(), instance()];
  expect(await here.take('a')).toBe(true);
  expect(await here.take('a')).toBe(true);
  expect(await there.take('a')).toBe(false);
  await clock.advance(PAUSE_MS);
  expect(await there.take('a')).toBe(true);
  expect(await here.take('a')).toBe(false);
});

test('a probe is used once, and lost with a new pause or a resumption', async () => {
  for (const lose of ['spent', 'paused', 'resumed'] as const) {
    const { clock, stored, instance } = setUp();
    stored.set('a', clock.now());
    const probes = instance();
    await probes.take('a');
    probes[lose]('a');
    expect(await probes.take('a')).toBe(false);
  }
});
