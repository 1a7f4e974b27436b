// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { addTenants, type OpenWorld, START } from '../world.case.ts';
import { createInstanceStore } from './instance.store.ts';

export function instancePauseCases(open: OpenWorld): void {
  test('a pause is stored, shown and told, and may be said twice', async () => {
    await using world = await open();
    await world.instances.ensure('here', START);
    expect(await world.run('instance.get', {})).toMatchObject({ paused: false, paused_at: null });
    const paused = { paused: true, paused_at: '2026-01-01T00:00:00.000Z' };
    expect(await world.run('instance.pause', {})).toEqual(paused);
    world.time.advance(1_000);
    expect(await world.run('instance.pause', {})).toEqual(paused);
    expect(await world.run('instance.get', {})).toMatchObject(paused);
    const afterRestart = createInstanceStore(world.database);
    await afterRestart.ensure('here', START + 1_000);
    expect(await afterRestart.get()).toMatchObject({ paused_at: START });
    expect(await world.run('instance.resume', {})).toEqual({ paused: false, paused_at: null });
    expect(await world.run('instance.resume', {})).toEqual({ paused: false, paused_at: null });
    expect(await afterRestart.get()).toMatchObject({ paused_at: null });
    expect(world.told).toEqual(['paused', 'paused', 'resumed', 'resumed']);
  });

  test('only the operator pauses and resumes', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    for (const operation of ['instance.pause', 'instance.resume']) {
      expect(await world.refused(operation, {}, 'acme')).toBe('forbidden');
    }
    expect(world.told).toEqual([]);
  });
}
