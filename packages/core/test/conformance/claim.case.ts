// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { prepareClaim } from '../../src/queue/claim.ts';
import { prepareFindLanes } from '../../src/queue/lanes.ts';
import { preparePromotion } from '../../src/queue/promote.ts';
import { rankOf } from '../../src/queue/rank.ts';
import { prepareRelease } from '../../src/queue/release.ts';
import { createWorld, type OpenStore, STEP_MS } from './store-world.case.ts';

export function claimConformance(open: OpenStore): void {
  describe('claims', () => {
    test('messages are claimed by rank, and those of equal rank in the order of their acceptance', async () => {
      await using world = await createWorld(open);
      const { clock } = world;
      const low = await world.accept({ priority: 3 });
      const medium = await world.accept({ priority: 2 });
      const mediumToo = await world.accept({ priority: 2 });
      const high = await world.accept({ priority: 1 });
      const immediate = await world.accept({ priority: 0 });
      await clock.advance(STEP_MS + 1);
      const lateHigh = await world.accept({ priority: 1 });
      const lateImmediate = await world.accept({ priority: 0 });
      const { pks } = await world.claimAll();
      expect(pks).toEqual([immediate, lateImmediate, high, medium, mediumToo, lateHigh, low]);
    });

    test('each lane gives its own quota at most', async () => {
      await using world = await createWorld(open);
      const second = await world.addAccount(world.tenantId, 'second');
      const empty = await world.addAccount(world.tenantId, 'empty');
      await Promise.all(
        Array.from({ length: 30 }, (_, index) => world.accept(index % 2 === 0 ? {} : { account_pk: second })),
      );
      const claim = prepareClaim(world.database);
      const session = await world.sessions.start('test', world.clock.now());
      const lanes = await claim(
        [
          { accountPk: second, tenantId: world.tenantId, quota: 3, limits: null },
          { accountPk: empty, tenantId: world.tenantId, quota: 5, limits: null },
          { accountPk: world.accountPk, tenantId: world.tenantId, quota: 7, limits: null },
        ],
        { session, now: world.clock.now(), immediateOnly: false },
      );
      expect(lanes.map((lane) => lane.length)).toEqual([3, 0, 7]);
      const held = (await world.messages()).filter(({ state }) => state === 'leased');
      expect(held.map(({ pk }) => pk).sort()).toEqual(
        lanes
          .flat()
          .map(({ pk }) => pk)
          .sort(),
      );
      expect(new Set(held.map(({ owner_session }) => owner_session))).toEqual(new Set([session]));
    });

    test('a claim of immediate messages takes no other', async () => {
      await using world = await createWorld(open);
      await world.accept({ priority: 1 });
      const immediate = await world.accept({ priority: 0 });
      const claim = prepareClaim(world.database);
      const session = await world.sessions.start('test', world.clock.now());
      const quotas = [{ accountPk: world.accountPk, tenantId: world.tenantId, quota: 10, limits: null }];
      const [lane] = await claim(quotas, { session, now: world.clock.now(), immediateOnly: true });
      expect(lane?.map(({ pk }) => pk)).toEqual([immediate]);
    });

    test('two sessions that claim at the same time never get the same message, and together get all', async () => {
      await using world = await createWorld(open);
      const accepted = await Promise.all(Array.from({ length: 500 }, () => world.accept()));
      const databases = [world.database, await world.connect()];
      const taken = await Promise.all(
        databases.map(async (database) => {
          const claim = prepareClaim(database);
          const session = await world.sessions.start('test', world.clock.now());
          const options = { session, now: world.clock.now(), immediateOnly: false };
          const mine: string[] = [];
          for (;;) {
            const [lane = []] = await claim(
              [{ accountPk: world.accountPk, tenantId: world.tenantId, quota: 7, limits: null }],
              options,
            );
            expect(lane.length).toBeLessThanOrEqual(7);
            if (lane.length === 0) return mine;
            mine.push(...lane.map(({ pk }) => pk));
          }
        }),
      );
      const all = taken.flat();
      expect(all).toHaveLength(accepted.length);
      expect(new Set(all)).toEqual(new Set(accepted));
      expect(taken.every((mine) => mine.length > 0)).toBe(true);
    });

    test('a session that was ended claims nothing', async () => {
      await using world = await createWorld(open);
      await world.accept();
      const claim = prepareClaim(world.database);
      const session = await world.sessions.start('test', world.clock.now());
      await world.sessions.end(session, world.clock.now());
      const options = { session, now: world.clock.now(), immediateOnly: false };
      expect(
        await claim([{ accountPk: world.accountPk, tenantId: world.tenantId, quota: 5, limits: null }], options),
      ).toEqual([[]]);
      expect((await world.messages()).map(({ state }) => state)).toEqual(['ready']);
    });

    test('release puts a message back where it stood, without counting an attempt', async () => {
      await using world = await createWorld(open);
      const first = await world.accept();
      const second = await world.accept();
      const before = await world.message(first);
      const { session } = await world.claimAll();
      await world.clock.advance(5_000);
      const held = [first, second].map((pk) => ({ pk, owner_session: session }));
      await prepareRelease(world.database)(held, world.clock.now());
      const after = await world.message(first);
      expect(after).toEqual({ ...before, updated_at: world.clock.now() });
      expect((await world.claimAll()).pks).toEqual([first, second]);
    });

    test('release of what another session holds changes nothing', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      await prepareRelease(world.database)([{ pk, owner_session: session + 1 }], world.clock.now());
      expect(await world.message(pk)).toMatchObject({ state: 'leased', owner_session: session });
    });

    test('promote moves only what is due, with the rank of its due time', async () => {
      await using world = await createWorld(open);
      const { clock } = world;
      const due = await Promise.all(
        [0, 1, 2, 3].map((priority) => world.accept({ priority, eligible_at: clock.now() + 1_000 })),
      );
      const later = await world.accept({ eligible_at: clock.now() + 1_001 });
      const promotion = preparePromotion(world.database, STEP_MS);
      expect(await promotion.nextDueAt()).toBe(clock.now() + 1_000);
      expect(await promotion.promote(clock.now() + 999, 100)).toEqual([]);
      await clock.advance(1_000);
      const promoted = await promotion.promote(clock.now(), 100);
      expect(promoted).toEqual(
        due.map(() => ({ account_pk: world.accountPk, tenant_id: world.tenantId, state: 'ready' })),
      );
      for (const pk of due) {
        const row = await world.message(pk);
        expect(row).toMatchObject({ state: 'ready', rank: rankOf(row.eligible_at, row.priority, STEP_MS) });
      }
      expect((await world.message(later)).state).toBe('deferred');
      expect(await promotion.nextDueAt()).toBe(clock.now() + 1);
    });

    test('promote moves at most its limit, the longest due first', async () => {
      await using world = await createWorld(open);
      const at = world.clock.now();
      const last = await world.accept({ eligible_at: at + 3 });
      const first = await world.accept({ eligible_at: at + 1 });
      const second = await world.accept({ eligible_at: at + 2 });
      await world.clock.advance(10);
      const promotion = preparePromotion(world.database, STEP_MS);
      expect(await promotion.promote(world.clock.now(), 2)).toHaveLength(2);
      expect((await world.claimAll()).pks).toEqual([first, second]);
      expect((await world.message(last)).state).toBe('deferred');
    });

    test('when nothing is deferred there is no next due time', async () => {
      await using world = await createWorld(open);
      await world.accept();
      expect(await preparePromotion(world.database, STEP_MS).nextDueAt()).toBeNull();
    });

    test('the lanes found are exactly the accounts with a ready message', async () => {
      await using world = await createWorld(open);
      await world.addTenant('other');
      const ready = await world.addAccount('other', 'ready');
      const deferred = await world.addAccount('other', 'deferred');
      await world.addAccount('other', 'empty');
      const findLanes = prepareFindLanes(world.database);
      expect(await findLanes()).toEqual([]);
      await Promise.all([
        world.accept(),
        world.accept(),
        world.accept({ tenant_id: 'other', account_pk: ready }),
        world.accept({ tenant_id: 'other', account_pk: deferred, eligible_at: world.clock.now() + 1 }),
      ]);
      expect(await findLanes()).toEqual([
        { accountPk: world.accountPk, tenantId: world.tenantId },
        { accountPk: ready, tenantId: 'other' },
      ]);
      await world.claimAll();
      expect(await findLanes()).toEqual([{ accountPk: ready, tenantId: 'other' }]);
    });
  });
}
