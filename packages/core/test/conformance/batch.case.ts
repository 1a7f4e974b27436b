// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activateBatch, listBatches, suspendBatch } from '../../src/entities/message/batch.operations.ts';
import { reachOf, tenantPrincipal } from '../../src/operations/principal.ts';
import { preparePromotion } from '../../src/queue/promote.ts';
import { createControlWorld } from './control-world.case.ts';
import { type OpenStore, STEP_MS } from './store-world.case.ts';

const BATCH = { tenant_id: 'acme', batch_code: 'spring' };
const KEY = { tenantId: 'acme', batchCode: 'spring' };
const DAY_MS = 86_400_000;

export function batchConformance(open: OpenStore): void {
  describe('suspended batches', () => {
    test('all that waits is parked, what is accepted later too, and other batches and tenants go on', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('other');
      const theirs = await world.addAccount('other', 'main');
      const ready = await world.accept({ batch_code: 'spring' });
      const deferred = await world.accept({ batch_code: 'spring', eligible_at: world.clock.now() + DAY_MS });
      const held = await world.acceptAs('held', { batch_code: 'spring' });
      const free = [
        await world.accept(),
        await world.accept({ batch_code: 'summer' }),
        await world.accept({ batch_code: 'spring', tenant_id: 'other', account_pk: theirs }),
      ];
      expect(await world.run(suspendBatch, BATCH)).toEqual({ batch_code: 'spring', suspended: true, parked: 2 });

      const late = world.draft({ batch_code: 'spring' });
      expect(await world.services.accept(late)).toBe('suspended');
      const elsewhere = world.draft({ batch_code: 'spring', tenant_id: 'other', account_pk: theirs });
      expect(await world.services.accept(elsewhere)).toBe('ready');
      const states = await Promise.all(
        [ready, deferred, held, late.message.pk, ...free].map(async (pk) => (await world.message(pk)).state),
      );
      expect(states).toEqual(['suspended', 'suspended', 'held', 'suspended', 'ready', 'ready', 'ready']);
      expect(await world.claim(world.services.session())).toEqual([free[0], free[1]]);
    });

    test('a dry run counts what would be parked, and changes nothing', async () => {
      await using world = await createControlWorld(open);
      for (const state of ['ready', 'deferred', 'held', 'leased', 'final'] as const) {
        await world.acceptAs(state, { batch_code: 'spring' });
      }
      await world.accept({ batch_code: 'summer' });
      const before = await world.messages();
      const dry = { ...BATCH, dry_run: true };
      expect(await world.run(suspendBatch, dry)).toEqual({ batch_code: 'spring', suspended: false, parked: 2 });
      expect(await world.messages()).toEqual(before);
      expect(await world.run(listBatches, {})).toEqual({ items: [], next: null });
      expect(await world.run(suspendBatch, BATCH)).toMatchObject({ suspended: true, parked: 2 });
      expect(await world.run(suspendBatch, dry)).toMatchObject({ suspended: true, parked: 0 });
      await expect(world.run(suspendBatch, { ...dry, tenant_id: 'nobody' })).rejects.toMatchObject({
        code: 'not_found',
      });
    });

    test('the mark alone keeps a claim from the batch, before anything is parked', async () => {
      await using world = await createControlWorld(open);
      await world.accept({ batch_code: 'spring' });
      await world.services.batches.suspend(KEY, world.clock.now());
      expect(await world.claim(world.services.session())).toEqual([]);
    });

    test('activated, each message stands where it stood, whatever came in between', async () => {
      await using world = await createControlWorld(open);
      const message = fc.record({
        priority: fc.integer({ min: 0, max: 3 }),
        dueIn: fc.constantFrom(0, 0, 1_000, STEP_MS),
        isOfBatch: fc.boolean(),
        waits: fc.constantFrom(0, 1_000, STEP_MS / 2),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 20 }), fc.nat(20), async (script, when) => {
          const expected: { rank: number; pk: string }[] = [];
          for (const [index, { priority, dueIn, isOfBatch, waits }] of script.entries()) {
            if (index === when) await world.run(suspendBatch, BATCH);
            const now = world.clock.now();
            const batch_code = isOfBatch ? 'spring' : null;
            const pk = await world.accept({ priority, batch_code, eligible_at: now + dueIn });
            expected.push({ rank: (await world.message(pk)).rank, pk });
            await world.clock.advance(waits);
          }
          await world.run(suspendBatch, BATCH);
          await world.clock.advance(2 * STEP_MS);
          await world.run(activateBatch, BATCH);
          await preparePromotion(world.database, STEP_MS).promote(world.clock.now(), 1_000);
          const order = expected.toSorted((a, b) => a.rank - b.rank || (a.pk < b.pk ? -1 : 1)).map(({ pk }) => pk);
          expect(await world.claim(world.services.session())).toEqual(order);
        }),
        { numRuns: 12 },
      );
    }, 60_000);

    test('what is not due yet when its batch is activated waits for its time', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.accept({ batch_code: 'spring', eligible_at: world.clock.now() + DAY_MS });
      await world.run(suspendBatch, BATCH);
      expect(await world.run(activateBatch, BATCH)).toEqual({ batch_code: 'spring', suspended: false, released: 1 });
      expect((await world.message(pk)).state).toBe('deferred');
      expect(world.told).toMatchObject({ rescheduled: 1, woken: [] });
    });

    test('what this engine claimed and has not begun is dropped', async () => {
      await using world = await createControlWorld(open);
      const dropped: object[] = [];
      const services = { ...world.services, batchSuspended: async (batch: object) => void dropped.push(batch) };
      await suspendBatch.run(
        services,
        { batch_code: 'spring', dry_run: false },
        { principal: tenantPrincipal('acme'), reach: reachOf('acme'), idempotency: null },
      );
      expect(dropped).toEqual([{ tenantId: 'acme', batchCode: 'spring' }]);
    });

    test('more than one step of messages is parked and released whole', async () => {
      await using world = await createControlWorld(open);
      await Promise.all(Array.from({ length: 2_100 }, () => world.accept({ batch_code: 'spring' })));
      expect(await world.run(suspendBatch, BATCH)).toMatchObject({ parked: 2_100 });
      expect(await world.run(activateBatch, BATCH)).toMatchObject({ released: 2_100 });
    }, 60_000);

    test('the sweep parks what a suspension left when its process died', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.accept({ batch_code: 'spring' });
      await world.services.batches.suspend(KEY, world.clock.now());
      expect(await world.services.batches.sweep(world.clock.now())).toEqual([]);
      expect((await world.message(pk)).state).toBe('suspended');
    });

    test('the sweep lets go what an activation left when its process died, and nothing else', async () => {
      await using world = await createControlWorld(open);
      const pk = await world.accept({ batch_code: 'spring' });
      const parked = await world.accept({ batch_code: 'summer' });
      for (const code of ['spring', 'summer']) await world.run(suspendBatch, { ...BATCH, batch_code: code });
      await world.accept({ batch_code: 'autumn' });
      await world.addTenant('other');
      const theirs = { tenantId: 'other', batchCode: 'spring' };
      const accountPk = await world.addAccount('other', 'main');
      await world.services.batches.suspend(theirs, world.clock.now());
      await world.accept({ batch_code: 'spring', tenant_id: 'other', account_pk: accountPk });
      for (const key of [KEY, theirs]) await world.services.batches.activate(key);
      expect(await world.services.batches.sweep(world.clock.now())).toEqual([
        { accountPk: world.accountPk, tenantId: world.tenantId },
        { accountPk, tenantId: 'other' },
      ]);
      expect((await world.message(pk)).state).toBe('ready');
      expect((await world.message(parked)).state).toBe('suspended');
    });

    test('suspended twice it is suspended since the first time, and activated twice it is active', async () => {
      await using world = await createControlWorld(open);
      await world.run(suspendBatch, BATCH);
      const since = new Date(world.clock.now()).toISOString();
      await world.clock.advance(1_000);
      await world.run(suspendBatch, BATCH);
      expect(await world.run(listBatches, {})).toEqual({ items: [{ ...BATCH, suspended_at: since }], next: null });
      await world.run(activateBatch, BATCH);
      await world.run(activateBatch, BATCH);
      expect(await world.run(listBatches, {})).toEqual({ items: [], next: null });
    });

    test('a batch of a tenant that does not exist is refused', async () => {
      await using world = await createControlWorld(open);
      await expect(world.run(suspendBatch, { ...BATCH, tenant_id: 'nobody' })).rejects.toMatchObject({
        code: 'not_found',
      });
    });

    test('the list goes through all tenants by pages, or through one', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('other');
      for (const [tenant_id, batch_code] of [
        ['acme', 'b'],
        ['other', 'a'],
        ['acme', 'a'],
      ] as const) {
        await world.run(suspendBatch, { tenant_id, batch_code });
      }
      const codes: string[] = [];
      let after: string | undefined;
      do {
        const page = await world.run(listBatches, { limit: 1, ...(after === undefined ? {} : { after }) });
        const { items, next } = page as { items: { tenant_id: string; batch_code: string }[]; next: string | null };
        codes.push(...items.map((item) => `${item.tenant_id}/${item.batch_code}`));
        after = next ?? undefined;
      } while (after !== undefined);
      expect(codes).toEqual(['acme/a', 'acme/b', 'other/a']);
      expect(await world.run(listBatches, { tenant_id: 'other' })).toMatchObject({ items: [{ batch_code: 'a' }] });
    });
  });
}
