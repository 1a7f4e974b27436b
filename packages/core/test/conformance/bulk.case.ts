// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeMessages } from '../../src/entities/message/bulk.operations.ts';
import { CONTROL_ACTIONS } from '../../src/entities/message/message-control.types.ts';
import { MESSAGE_RESULTS, MESSAGE_STATES } from '../../src/entities/message/message-state.ts';
import { tenantPrincipal } from '../../src/operations/principal.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const DAY_MS = 86_400_000;

export function bulkConformance(open: OpenStore): void {
  describe('bulk changes', () => {
    const seed = fc.record({
      state: fc.constantFrom(...MESSAGE_STATES.filter((state) => state !== 'leased')),
      result: fc.constantFrom(...MESSAGE_RESULTS),
      batch: fc.constantFrom('a', 'b', null),
      priority: fc.integer({ min: 0, max: 3 }),
      endsIn: fc.constantFrom(null, DAY_MS / 2, 3 * DAY_MS),
    });
    const filter = fc
      .record(
        {
          batch_code: fc.constantFrom('a', 'b'),
          state: fc.constantFrom(...MESSAGE_STATES),
          priority: fc.integer({ min: 0, max: 3 }),
          account_id: fc.constantFrom('main', 'absent'),
          recipient: fc.constantFrom('ann@example.org', 'absent@example.org'),
        },
        { requiredKeys: [] },
      )
      .filter((conditions) => Object.keys(conditions).length > 0);

    test('a dry run counts exactly what is changed, and changes nothing; only what matches is touched', async () => {
      await using world = await createControlWorld(open);
      await fc.assert(
        fc.asyncProperty(
          fc.array(seed, { maxLength: 12 }),
          filter,
          fc.constantFrom(...CONTROL_ACTIONS),
          async (seeds, conditions, action) => {
            await clear(world);
            for (const { state, result, batch, priority, endsIn } of seeds) {
              await world.acceptAs(state, {
                result: state === 'final' ? result : null,
                batch_code: batch,
                priority,
                expires_at: endsIn === null ? null : world.clock.now() + endsIn,
              });
            }
            const before = await world.messages();
            const send_at = new Date(world.clock.now() + DAY_MS).toISOString();
            const input = { action, filter: conditions, ...(action === 'reschedule' ? { send_at } : {}) };
            const counted = await world.run(changeMessages, { ...input, dry_run: true });
            expect(await world.messages()).toEqual(before);
            await world.clock.advance(1);
            const done = await world.run(changeMessages, input);
            expect(done).toEqual(counted);
            expect(done['skipped']).toBe(Number(done['matched']) - Number(done['changed']));
            const after = await world.messages();
            const changed = after.filter((row, index) => row.updated_at !== before[index]?.updated_at);
            expect(changed).toHaveLength(Number(done['changed']));
            for (const { pk } of changed) {
              const was = before.find((row) => row.pk === pk);
              expect(was).toMatchObject({
                ...(conditions.batch_code === undefined ? {} : { batch_code: conditions.batch_code }),
                ...(conditions.state === undefined ? {} : { state: conditions.state }),
                ...(conditions.priority === undefined ? {} : { priority: conditions.priority }),
              });
            }
          },
        ),
        { numRuns: 40 },
      );
    }, 120_000);

    test('what is being sent is skipped, what can still be stopped is cancelled', async () => {
      await using world = await createControlWorld(open);
      const ready = await world.accept({ batch_code: 'a' });
      const flying = await world.acceptAs('leased', { batch_code: 'a' });
      const stoppable = await world.acceptAs('leased', { batch_code: 'a' });
      world.flights.set(stoppable, world.services.session());
      expect(await world.run(changeMessages, { action: 'cancel', filter: { batch_code: 'a' } })).toEqual({
        matched: 3,
        changed: 2,
        skipped: 1,
      });
      const states = await Promise.all([ready, flying, stoppable].map(async (pk) => (await world.message(pk)).state));
      expect(states).toEqual(['final', 'leased', 'final']);
    });

    test('more than one chunk is changed whole, each message once, and its lane is woken', async () => {
      await using world = await createControlWorld(open);
      const pks = await Promise.all(Array.from({ length: 1_203 }, () => world.accept({ batch_code: 'a' })));
      expect(await world.run(changeMessages, { action: 'hold', filter: { batch_code: 'a' } })).toMatchObject({
        changed: pks.length,
      });
      expect(await world.run(changeMessages, { action: 'release', filter: { state: 'held' } })).toMatchObject({
        changed: pks.length,
      });
      expect(world.told.woken[0]).toEqual({ accountPk: world.accountPk, tenantId: world.tenantId });
      expect((await world.claim(world.services.session())).toSorted()).toEqual(pks.toSorted());
    }, 60_000);

    test('ids and primary keys name messages, each counted once, with the other conditions', async () => {
      await using world = await createControlWorld(open);
      const first = await world.accept({ id: 'order-1', priority: 1 });
      const second = await world.accept({ id: 'order-2', priority: 3 });
      const third = await world.accept();
      const ids = ['order-1', first, 'order-2', third, 'nothing'];
      const filtered = { action: 'cancel', filter: { ids, priority: 1 } };
      expect(await world.run(changeMessages, filtered)).toEqual({ matched: 1, changed: 1, skipped: 0 });
      expect(await world.run(changeMessages, { action: 'cancel', filter: { ids } })).toEqual({
        matched: 3,
        changed: 2,
        skipped: 1,
      });
      expect((await world.message(second)).result).toBe('cancelled');
    });

    test('an id that several tenants use changes none of theirs, unless one of them is named', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('other');
      const theirs = await world.addAccount('other', 'main');
      await world.accept({ id: 'order-1' });
      const other = await world.accept({ id: 'order-1', tenant_id: 'other', account_pk: theirs });
      const input = { action: 'hold', filter: { ids: ['order-1'] } };
      expect(await world.run(changeMessages, input)).toEqual({ matched: 1, changed: 0, skipped: 1 });
      expect(await world.run(changeMessages, { ...input, tenant_id: 'other' })).toMatchObject({ changed: 1 });
      expect((await world.message(other)).state).toBe('held');
    });

    test('a tenant changes its own messages only', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('other');
      const theirs = await world.addAccount('other', 'main');
      const other = await world.accept({ batch_code: 'a', tenant_id: 'other', account_pk: theirs });
      await world.accept({ batch_code: 'a' });
      const caller = { principal: tenantPrincipal('acme'), origin: 'test' };
      const input = { action: 'cancel', filter: { batch_code: 'a' } };
      expect(await world.run(changeMessages, input, caller)).toMatchObject({ matched: 1, changed: 1 });
      expect(await world.run(changeMessages, { action: 'cancel', filter: { ids: [other] } }, caller)).toMatchObject({
        matched: 0,
      });
      expect((await world.message(other)).state).toBe('ready');
    });

    test('times of acceptance bound it: from the first on, before the second', async () => {
      await using world = await createControlWorld(open);
      const pks: string[] = [];
      for (let i = 0; i < 4; i++) {
        pks.push(await world.accept());
        await world.clock.advance(1_000);
      }
      const at = (back: number) => new Date(world.clock.now() - back).toISOString();
      await world.run(changeMessages, {
        action: 'hold',
        filter: { created_after: at(3_000), created_before: at(1_000) },
      });
      const states = await Promise.all(pks.map(async (pk) => (await world.message(pk)).state));
      expect(states).toEqual(['ready', 'held', 'held', 'ready']);
    });

    test.each([
      [{ action: 'cancel', filter: {} }, '/filter'],
      [{ action: 'reschedule', filter: { priority: 1 } }, '/send_at'],
      [{ action: 'hold', send_at: '2030-01-01T00:00:00Z', filter: { priority: 1 } }, '/send_at'],
    ])('%j is refused at %s', async (input, pointer) => {
      await using world = await createControlWorld(open);
      await expect(world.run(changeMessages, input)).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [{ pointer }],
      });
    });
  });
}

async function clear({ database }: ControlWorld): Promise<void> {
  await database.write([database.prepare<object>((k) => k.deleteFrom('messages')).bind({})]);
}
