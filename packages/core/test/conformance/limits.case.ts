// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { createAccountPauseStore } from '../../src/entities/account/account-pause.store.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { bucketMs, bucketOf, prepareForgetUses } from '../../src/queue/rate-limits.ts';
import { limitsProperty } from './limits-property.case.ts';
import { addresses, bookUses, createSender, laneLimits, usesIn } from './rate-world.case.ts';
import { createWorld, type OpenStore } from './store-world.case.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WINDOWS = { perMinute: MINUTE_MS, perHour: HOUR_MS, perDay: DAY_MS } as const;
const REASON = { stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'who are you' };
/** None, and some that nothing reaches: a lane with limits is claimed by another statement. */
const ANY_LIMITS = [null, laneLimits({ account: { perHour: 1_000 } })];

export function limitsConformance(open: OpenStore): void {
  describe('what keeps a lane from being claimed', () => {
    test.each([
      {
        what: 'the instance is paused',
        close: sql`insert into ${sql.table('instance')} (id, name, created_at, paused_at) values (1, 'test', 1, 5)`,
        open: sql`update ${sql.table('instance')} set paused_at = null`,
        gate: { kind: 'instance_paused', scope: 'instance', until: null },
      },
      {
        what: 'the tenant is suspended',
        close: sql`update ${sql.table('tenants')} set suspended_at = 5 where id = 'acme'`,
        open: sql`update ${sql.table('tenants')} set suspended_at = null where id = 'acme'`,
        gate: { kind: 'tenant_suspended', scope: 'tenant', until: null },
      },
    ])('$what', async ({ close, open: reopen, gate }) => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const sender = await createSender(world);
      await run(world.database, close);
      for (const limits of ANY_LIMITS) {
        expect(await sender.take(world, { limits })).toEqual([]);
        // Nor for a probe.
        expect(await sender.take(world, { limits, probe: true })).toEqual([]);
        expect(await sender.gates(world, limits)).toEqual([gate]);
      }
      await run(world.database, reopen);
      for (const limits of ANY_LIMITS) {
        expect(await sender.gates(world, limits)).toEqual([]);
        const taken = await sender.take(world, { limits });
        expect(taken.map((message) => message.pk)).toEqual([pk]);
        await sender.release(taken);
      }
    });

    test('the account is paused; a probe goes, and a pause that is over asks for one', async () => {
      await using world = await createWorld(open);
      const other = await world.addAccount(world.tenantId, 'other');
      const pks = [await world.accept(), await world.accept({ account_pk: other })];
      const sender = await createSender(world);
      const pauses = createAccountPauseStore(world.database, world.makePk);
      const account = { pk: world.accountPk, tenantId: world.tenantId, id: 'main' };
      const until = world.clock.now() + 1_000;
      await pauses.pause(account, REASON, { now: world.clock.now(), until: () => until });
      const gate = { kind: 'account_paused', scope: 'account', until, reason: REASON };
      for (const limits of ANY_LIMITS) {
        expect(await sender.gates(world, limits)).toEqual([gate]);
        expect(await sender.take(world, { limits })).toEqual([]);
        const probe = await sender.take(world, { limits, probe: true, quota: 1 });
        const elsewhere = await sender.take({ ...world, accountPk: other }, { limits });
        expect([...probe, ...elsewhere].map(({ pk }) => pk)).toEqual(pks);
        await sender.release([...probe, ...elsewhere]);
      }
      await world.clock.advance(1_000);
      for (const limits of ANY_LIMITS) {
        expect(await sender.gates(world, limits)).toEqual([{ ...gate, kind: 'account_probe', until: null }]);
        expect(await sender.take(world, { limits })).toEqual([]);
      }
      await pauses.resume(account, world.clock.now(), 'failures');
      expect(await sender.take(world, { limits: null })).toHaveLength(1);
    });

    test('its batch is suspended, and what stands behind it goes on', async () => {
      await using world = await createWorld(open);
      await world.addTenant('twin');
      const inBatch = await world.accept({ batch_code: 'spring', to: addresses(9) });
      const others = [await world.accept({ batch_code: 'summer' }), await world.accept()];
      const sender = await createSender(world);
      const suspend = (tenant: string) =>
        run(
          world.database,
          sql`insert into ${sql.table('suspended_batches')} values (${sql.lit(tenant)}, 'spring', 5)`,
        );
      await suspend('twin');
      expect(await sender.take(world, { limits: null, quota: 1 })).toMatchObject([
        { pk: inBatch, batch_code: 'spring' },
      ]);
      await run(world.database, sql`update ${sql.table('messages')} set state = 'ready', owner_session = null`);
      await suspend(world.tenantId);
      // A limit that the suspended message would not fit: it says nothing of those that may go.
      for (const limits of [...ANY_LIMITS, laneLimits({ account: { perHour: 5, unit: 'recipient' } })]) {
        expect(await sender.gates(world, limits)).toEqual([]);
        const taken = await sender.take(world, { limits });
        expect(taken.map(({ pk }) => pk)).toEqual(others);
        await sender.release(taken);
      }
    });
  });

  describe('rate limits', () => {
    test('of every kind close a lane for one window after what was sent, to the millisecond', async () => {
      await using world = await createWorld(open);
      const sender = await createSender(world);
      const kinds = (['account', 'tenant'] as const).flatMap((scope) =>
        (['message', 'recipient'] as const).flatMap((unit) =>
          (['perMinute', 'perHour', 'perDay'] as const).map((window) => ({ scope, unit, window })),
        ),
      );
      for (const { scope, unit, window } of kinds) {
        const tenantId = `${scope}-${unit}-${window}`;
        await world.addTenant(tenantId);
        const lane = { tenantId, accountPk: await world.addAccount(tenantId, 'a') };
        const twin = { tenantId, accountPk: await world.addAccount(tenantId, 'b') };
        const accept = ({ accountPk }: typeof lane) =>
          world.accept({ tenant_id: tenantId, account_pk: accountPk, to: addresses(2) });
        await Promise.all([...[1, 2, 3, 4, 5].map(() => accept(lane)), accept(twin)]);
        // Two messages of two recipients each.
        const limit = unit === 'message' ? 2 : 5;
        const limits = laneLimits({ [scope]: { [window]: limit, unit } });
        const windowMs = WINDOWS[window];
        const gate = { kind: 'rate_limited', scope, windowMs, limit };

        expect(await sender.gates(lane, limits), tenantId).toEqual([]);
        const first = await sender.take(lane, { limits });
        expect(first, tenantId).toHaveLength(2);
        // In flight: nobody knows when that ends.
        const soon = world.clock.now() + bucketMs(windowMs);
        expect(await sender.gates(lane, limits), tenantId).toEqual([{ ...gate, until: soon, isSpent: false }]);
        expect(await sender.take(lane, { limits }), tenantId).toEqual([]);

        await world.clock.advance(1_234);
        const until = bucketOf(world.clock.now(), windowMs) + windowMs;
        await sender.sent(first, limits);
        await world.clock.advance(10);
        const closed = [{ ...gate, until, isSpent: true }];
        expect(await sender.gates(lane, limits), tenantId).toEqual(closed);
        expect(await sender.gates(twin, limits), tenantId).toEqual(scope === 'tenant' ? closed : []);
        expect(await sender.take(twin, { limits }), tenantId).toHaveLength(scope === 'tenant' ? 0 : 1);
        expect(await sender.take(lane, { limits, now: until - 1 }), tenantId).toEqual([]);
        await world.clock.advance(until - world.clock.now());
        expect(await sender.gates(lane, limits), tenantId).toEqual([]);
        expect(await sender.take(lane, { limits }), tenantId).toHaveLength(2);
      }
    }, 60_000);

    test('what is given back unsent frees its place at once', async () => {
      await using world = await createWorld(open);
      const sender = await createSender(world);
      await Promise.all([1, 2, 3].map(() => world.accept()));
      const limits = laneLimits({ account: { perDay: 2 } });
      const [sent, unsent] = await sender.take(world, { limits });
      if (sent === undefined || unsent === undefined) throw new Error('two were to be taken');
      await sender.sent([sent], limits);
      expect(await sender.take(world, { limits })).toEqual([]);
      await sender.release([unsent]);
      expect(await sender.gates(world, limits)).toEqual([]);
      expect(await sender.take(world, { limits })).toMatchObject([{ pk: unsent.pk }]);
    });

    test('of one lane hold together: the narrowest decides, each says how long it will', async () => {
      await using world = await createWorld(open);
      const sender = await createSender(world);
      await Promise.all(Array.from({ length: 9 }, () => world.accept({ to: addresses(2) })));
      const limits = laneLimits({
        account: { perMinute: 2, perHour: 3 },
        tenant: { perMinute: 50, perDay: 7, unit: 'recipient' },
      });
      const counts: number[] = [];
      const until: number[][] = [];
      for (let round = 0; round < 4; round++) {
        const taken = await sender.take(world, { limits });
        await sender.sent(taken, limits);
        counts.push(taken.length);
        const gates = await sender.gates(world, limits);
        until.push(gates.map((gate) => (gate.until ?? 0) - world.clock.now()));
        await world.clock.advance(Math.max(...gates.map((gate) => gate.until ?? 0)) - world.clock.now());
      }
      // Two a minute, then the third of the hour, which is the sixth recipient of the day's seven.
      expect(counts).toEqual([2, 1, 2, 1]);
      expect(until[0]).toEqual([MINUTE_MS]);
      expect(until[1]).toEqual([HOUR_MS - MINUTE_MS, DAY_MS - MINUTE_MS]);
    });

    test('a message that has more recipients than a limit goes alone, once that window is empty', async () => {
      await using world = await createWorld(open);
      const sender = await createSender(world);
      const sizes = [1, 5, 1, 5, 1];
      const pks: string[] = [];
      for (const size of sizes) pks.push(await world.accept({ to: addresses(size) }));
      const limits = laneLimits({ account: { perMinute: 3, perHour: 12, unit: 'recipient' } });
      const start = world.clock.now();
      const sent: { readonly at: number; readonly pks: readonly string[] }[] = [];
      for (let round = 0; round < 20 && sent.flatMap((taking) => taking.pks).length < pks.length; round++) {
        const gates = await sender.gates(world, limits);
        const at = Math.max(world.clock.now(), ...gates.map((gate) => gate.until ?? 0));
        if (at > world.clock.now()) expect(await sender.take(world, { limits, now: at - 1 })).toEqual([]);
        await world.clock.advance(at - world.clock.now());
        const taken = await sender.take(world, { limits });
        expect(taken.length, 'an open lane gives something').toBeGreaterThan(0);
        await sender.sent(taken, limits);
        sent.push({ at: at - start, pks: taken.map(({ pk }) => pk) });
      }
      // The hour takes the first four, 12 recipients in all; the order of the lane is kept.
      expect(sent).toEqual([
        { at: 0, pks: pks.slice(0, 1) },
        { at: MINUTE_MS, pks: pks.slice(1, 2) },
        { at: 2 * MINUTE_MS, pks: pks.slice(2, 3) },
        { at: 3 * MINUTE_MS, pks: pks.slice(3, 4) },
        { at: HOUR_MS, pks: pks.slice(4, 5) },
      ]);
    });

    test('two instances that claim and settle at once never take more together, nor less', async () => {
      await using world = await createWorld(open);
      const second = await world.addAccount(world.tenantId, 'second');
      const lanes = [world, { tenantId: world.tenantId, accountPk: second }];
      await Promise.all(Array.from({ length: 400 }, (_, i) => world.accept(i % 2 === 0 ? {} : { account_pk: second })));
      const senders = [await createSender(world), await createSender(world, await world.connect())];
      const limits = laneLimits({ account: { perMinute: 40, unit: 'recipient' }, tenant: { perMinute: 55 } });
      for (let round = 0; round < 3; round++) {
        const taken = await Promise.all(
          senders.map(async (sender, index) => {
            let [sum, empty] = [0, 0];
            const settled: Promise<void>[] = [];
            for (let turn = index; empty < 2; turn++) {
              const messages = await sender.take(lanes[turn % 2] ?? world, { limits, quota: 4 });
              empty = messages.length === 0 ? empty + 1 : 0;
              sum += messages.length;
              // Some are settled while others are claimed.
              settled.push(sender.sent(messages, limits));
            }
            await Promise.all(settled);
            return sum;
          }),
        );
        expect(taken[0] ?? 0, JSON.stringify(taken)).toBeGreaterThan(0);
        expect(taken.reduce((sum, count) => sum + count, 0)).toBe(55);
        await world.clock.advance(MINUTE_MS);
      }
      // Each in rows of its own, so that none waits for a row that another has written and not committed.
      const rows = await run(
        world.database,
        sql<{ session: number }>`select distinct session from ${sql.table('rate_uses')} order by 1`,
      );
      expect(rows.map(({ session }) => session)).toEqual(senders.map(({ session }) => session));
    });

    test('only what no window reaches any more is forgotten', async () => {
      await using world = await createWorld(open);
      const { database, clock } = world;
      const scope = 'account:x';
      const start = clock.now();
      const ages = [
        0,
        249,
        250,
        MINUTE_MS - 1,
        MINUTE_MS,
        MINUTE_MS + 250,
        HOUR_MS,
        HOUR_MS + 15_000,
        DAY_MS,
        2 * DAY_MS,
      ];
      const uses = Object.values(WINDOWS).flatMap((windowMs) =>
        ages.map((age) => ({ scope, windowMs, at: start - age, count: 1 })),
      );
      await bookUses(database, uses, 1);
      const reached = uses.filter(({ at, windowMs }) => bucketOf(at, windowMs) > start - windowMs);
      await prepareForgetUses(database)(start);
      const count = (windowMs: number) => reached.filter((use) => use.windowMs === windowMs).length;
      expect(await usesIn(database)).toEqual(
        [MINUTE_MS, HOUR_MS, DAY_MS].map((windowMs) => ({ scope, window_ms: windowMs, used: count(windowMs) })),
      );
      expect(reached.length).toBeLessThan(uses.length);
      // The last ones of a window are kept for as long as they count.
      await prepareForgetUses(database)(start + MINUTE_MS - 1);
      expect((await usesIn(database))[0]).toMatchObject({ window_ms: MINUTE_MS, used: 2 });
      await prepareForgetUses(database)(start + MINUTE_MS);
      expect((await usesIn(database)).map(({ window_ms }) => window_ms)).toEqual([HOUR_MS, DAY_MS]);
    });

    limitsProperty(open);
  });
}

async function run<Row>(database: Database<CoreSchema>, query: RawBuilder<Row>): Promise<readonly Row[]> {
  const statement = database.prepare<object, Row>((k) => ({ compile: () => query.compile(k) }));
  const [result] = await database.write([statement.bind({})]);
  return result.rows;
}
