// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { createListLanes } from '../../src/delivery/list-lanes.ts';
import { createAccountPauseStore } from '../../src/entities/account/account-pause.store.ts';
import type { LaneFilter } from '../../src/entities/lane/lane.operations.ts';
import type { LaneOutput } from '../../src/entities/lane/lane.schema.ts';
import { createLaneAccountStore } from '../../src/entities/lane/lane-account.store.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { type Reach, reachOf, reachOfAll } from '../../src/operations/principal.ts';
import { prepareLaneFigures } from '../../src/queue/lane-figures.ts';
import { prepareLimitFigures } from '../../src/queue/limit-figures.ts';
import { type ControlWorld, createControlWorld } from './control-world.case.ts';
import { createSender, laneLimits, storeLimits } from './rate-world.case.ts';
import type { OpenStore } from './store-world.case.ts';

const NO_TRAFFIC = { accepted: 0, sent: 0, failed: 0, deferred: 0, bounced: 0, reported: 0 };
const HOUR_MS = 3_600_000;

interface Lister {
  isPaused: boolean;
  all(filter?: LaneFilter, reach?: Reach): Promise<readonly LaneOutput[]>;
  one(account: string): Promise<LaneOutput | undefined>;
  pages(filter: LaneFilter, limit: number): Promise<readonly (readonly string[])[]>;
}

export function listerOf({ clock }: Pick<ControlWorld, 'clock'>, database: Database<CoreSchema>): Lister {
  const list = createListLanes({
    clock,
    laneAccounts: createLaneAccountStore(database),
    laneFigures: prepareLaneFigures(database),
    readLimits: prepareLimitFigures(database),
    isPaused: async () => self.isPaused,
    claimWaits: () => [],
    connections: () => new Map(),
    lastMinuteOf: () => NO_TRAFFIC,
  });
  const self: Lister = {
    isPaused: false,
    all: async (filter = {}, reach = reachOfAll()) => (await list(reach, filter, { limit: 1_000 })).items,
    one: async (account) => (await self.all({ account }))[0],
    async pages(filter, limit) {
      const pages: string[][] = [];
      for (let after: string | undefined; ; ) {
        const { items, next } = await list(reachOfAll(), filter, { limit, after });
        pages.push(items.map(({ account_id }) => account_id));
        if (next === null) return pages;
        after = next;
      }
    },
  };
  return self;
}

async function pause({ database, clock }: ControlWorld, accountPk: string, endsIn: number): Promise<void> {
  const insert = database.prepare<object>((k) =>
    k.insertInto('account_pauses').values({
      account_pk: accountPk,
      since: clock.now(),
      until_at: clock.now() + endsIn,
      failures: 2,
      reason: JSON.stringify({ stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'no' }),
      by_hand: 0,
    }),
  );
  await database.write([insert.bind({})]);
}

async function suspend({ database, clock }: ControlWorld, tenantId: string): Promise<void> {
  const set = database.prepare<object>((k) =>
    k.updateTable('tenants').set({ suspended_at: clock.now() }).where('id', '=', tenantId),
  );
  await database.write([set.bind({})]);
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function lanesConformance(open: OpenStore): void {
  describe('the list of lanes', () => {
    test('shows of each account what waits in which state, how it sends, and what the next message waits for', async () => {
      await using world = await createControlWorld(open);
      const { clock, tenantId } = world;
      const start = clock.now();
      const add = (id: string): Promise<string> => world.addAccount(tenantId, id);
      const [busy, retrying, scheduled, held, doubtful, fetching, batch, resting, probing, idle] = await Promise.all(
        ['busy', 'retrying', 'scheduled', 'held', 'doubtful', 'fetching', 'batch', 'resting', 'probing', 'idle'].map(
          add,
        ),
      );
      await world.addTenant('stopped');
      const stopped = await world.addAccount('stopped', 'stopped');
      const put = (account_pk: string | undefined, state: Parameters<typeof world.acceptAs>[0], more: object = {}) =>
        world.acceptAs(state, { account_pk: account_pk ?? '', ...more });
      await put(busy, 'leased');
      await put(busy, 'ready', { eligible_at: start - 5_000 });
      await put(busy, 'ready', { eligible_at: start - 9_000, priority: 0 });
      await put(busy, 'final');
      await put(retrying, 'deferred', { eligible_at: start + HOUR_MS, attempts: 1 });
      await put(retrying, 'held');
      await put(scheduled, 'deferred', { eligible_at: start + 2 * HOUR_MS });
      await put(scheduled, 'deferred', { eligible_at: start + HOUR_MS });
      await put(held, 'held');
      await put(doubtful, 'in_doubt');
      await put(fetching, 'preparing');
      await put(batch, 'suspended', { batch_code: 'b' });
      await put(resting, 'ready');
      await pause(world, resting ?? '', 60_000);
      await put(probing, 'ready');
      await pause(world, probing ?? '', 0);
      const pauses = createAccountPauseStore(world.database, world.makePk);
      for (const [id, until] of [
        ['by-hand', null],
        ['by-hand-over', start],
      ] as const) {
        const pk = await world.addAccount(tenantId, id);
        await put(pk, 'ready');
        await pauses.pauseByHand({ pk, tenantId, id }, { now: start, until, reason: 'it moves' });
      }
      await world.acceptAs('ready', { account_pk: stopped, tenant_id: 'stopped' });
      await suspend(world, 'stopped');

      const lanes = new Map((await listerOf(world, world.database).all()).map((lane) => [lane.account_id, lane]));
      const brief = [...lanes].map(([id, { state, waiting_for, ready, deferred, held, preparing, running }]) => {
        return [id, state, waiting_for?.kind ?? null, [ready, deferred, held, preparing, running].join(' ')];
      });
      expect(brief.toSorted()).toEqual(
        [
          ['main', 'idle', null, '0 0 0 0 0'],
          ['busy', 'sending', null, '2 0 0 0 1'],
          ['retrying', 'waiting', 'retry', '0 1 1 0 0'],
          ['scheduled', 'waiting', 'scheduled', '0 2 0 0 0'],
          ['held', 'waiting', 'held', '0 0 1 0 0'],
          ['doubtful', 'waiting', 'in_doubt', '0 0 1 0 0'],
          ['fetching', 'waiting', 'attachments', '0 0 0 1 0'],
          ['batch', 'waiting', 'batch_suspended', '0 0 1 0 0'],
          ['resting', 'paused', 'account_paused', '1 0 0 0 0'],
          ['probing', 'paused', 'account_probe', '1 0 0 0 0'],
          ['by-hand', 'paused', 'account_paused', '1 0 0 0 0'],
          ['by-hand-over', 'waiting', 'turn', '1 0 0 0 0'],
          ['idle', 'idle', null, '0 0 0 0 0'],
          ['stopped', 'suspended', 'tenant_suspended', '1 0 0 0 0'],
        ].toSorted(),
      );
      expect(lanes.get('busy')).toMatchObject({
        oldest_due_at: iso(start - 9_000),
        account_pk: busy,
        tenant_id: tenantId,
      });
      expect(lanes.get('scheduled')).toMatchObject({
        waiting_for: { until: iso(start + HOUR_MS) },
        oldest_due_at: null,
      });
      expect(lanes.get('resting')).toMatchObject({
        waiting_for: { until: iso(start + 60_000), scope: 'account', detail: 'auth: 535 5.7.8 no' },
        pause: { since: iso(start), until: iso(start + 60_000), failures: 2, reason: { stage: 'auth', code: 535 } },
      });
      expect(lanes.get('by-hand')).toMatchObject({
        waiting_for: { until: null, scope: 'account', detail: 'paused by hand: it moves' },
        pause: { kind: 'manual', since: iso(start), until: null, failures: 0, reason: { reply: 'it moves' } },
      });
      expect(lanes.get('by-hand-over')).toMatchObject({ pause: null });
      expect(lanes.get('idle')).toMatchObject({ pause: null, limits: [], last_minute: { sent: 0 } });
      expect(idle).toBe(lanes.get('idle')?.account_pk);
    });

    test('is asked by tenant, account and state, page by page, and a tenant sees no other', async () => {
      await using world = await createControlWorld(open);
      await world.addTenant('globex');
      const theirs = await world.addAccount('globex', 'main');
      const second = await world.addAccount(world.tenantId, 'second');
      const third = await world.addAccount(world.tenantId, 'third');
      for (const account_pk of [second, third]) await world.acceptAs('ready', { account_pk });
      await world.acceptAs('deferred', { account_pk: theirs, tenant_id: 'globex', eligible_at: world.clock.now() + 1 });
      const lister = listerOf(world, world.database);
      const ids = async (filter: LaneFilter, reach?: Reach) =>
        (await lister.all(filter, reach)).map(({ tenant_id, account_id }) => `${tenant_id}/${account_id}`);
      expect(await ids({})).toEqual(['acme/main', 'globex/main', 'acme/second', 'acme/third']);
      expect(await ids({ account: 'main' })).toEqual(['acme/main', 'globex/main']);
      expect(await ids({ account: theirs })).toEqual(['globex/main']);
      expect(await ids({}, reachOf('globex'))).toEqual(['globex/main']);
      expect(await ids({ account: second }, reachOf('globex'))).toEqual([]);
      expect(await ids({ state: 'waiting' })).toEqual(['globex/main', 'acme/second', 'acme/third']);
      expect(await ids({ state: 'idle' })).toEqual(['acme/main']);
      expect(await ids({ state: 'sending' })).toEqual([]);
      expect(await lister.pages({}, 3)).toEqual([['main', 'main', 'second'], ['third']]);
      expect(await lister.pages({ state: 'waiting' }, 2)).toEqual([['main', 'second'], ['third']]);
      lister.isPaused = true;
      expect(await ids({ state: 'waiting' })).toEqual([]);
      expect(await ids({ state: 'paused' })).toHaveLength(4);
      expect(await lister.one(second)).toMatchObject({ waiting_for: { kind: 'instance_paused', scope: 'instance' } });
    });

    test('shows how full the limits are as the gates of the lane do: what was sent, what flies, and when there is room', async () => {
      await using world = await createControlWorld(open);
      const { clock, tenantId, accountPk, database } = world;
      const lane = { tenantId, accountPk };
      const limits = laneLimits({ account: { perMinute: 3, perHour: 10 }, tenant: { perDay: 4, unit: 'recipient' } });
      await storeLimits(database, lane, limits);
      const sender = await createSender(world);
      const lister = listerOf(world, database);
      const shown = async () => {
        const found = await lister.one(accountPk);
        return {
          used: found?.limits.map(({ scope, per, unit, limit, used }) => `${scope} ${per} ${unit} ${used}/${limit}`),
          free: found?.limits.flatMap(({ free_at }) => (free_at === null ? [] : [free_at])),
          gates: (await sender.gates(lane, limits)).map(({ until }) => iso(until ?? 0)),
          wait: found?.waiting_for?.kind ?? null,
        };
      };
      await world.accept({ to: ['a@example.org', 'b@example.org'] });
      await sender.sent(await sender.take(lane, { limits }), limits);
      await clock.advance(10_000);
      await world.accept();
      const flying = await sender.take(lane, { limits });
      await world.accept();
      expect(await shown()).toMatchObject({
        used: ['account minute message 2/3', 'account hour message 2/10', 'tenant day recipient 3/4'],
        free: [],
        gates: [],
      });
      await world.accept({ to: ['a@example.org', 'b@example.org'], priority: 0 });
      const full = await shown();
      expect(full).toMatchObject({ gates: [expect.any(String)], wait: 'rate_limit' });
      expect(full.free).toEqual(full.gates);
      await sender.sent(flying, limits);
      const spent = await shown();
      expect(spent.free).toEqual(spent.gates);
      expect(spent.wait).toBe('rate_limit');
    });
  });
}
