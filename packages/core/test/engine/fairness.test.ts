// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startScriptedPeer, type TempDir, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, mail, messageOf, openWorld } from './engine-world.case.ts';
import { addTenant, copyMessage, type FairRelay, p99, sendingOf, startFairRelay } from './fairness-world.case.ts';

/** ADR 8: a relay that hangs costs others this much at most. */
const STALL_MS = 2_000;
const DELIVERY = { maxSends: 20, reservedImmediate: 2 };

interface DeadRelay {
  /** Each with an account of its own that leads to the relay that hangs. */
  readonly tenants: number;
  /** When an attempt gives up. */
  readonly greetingMs: number;
}

/** A relay that accepts connections and never answers; it notes how much is being sent whenever somebody connects. */
async function withDeadRelay(
  { tenants, greetingMs }: DeadRelay,
  run: (world: EngineWorld, sendingAtConnect: readonly Promise<number>[]) => Promise<void>,
): Promise<void> {
  const sending: Promise<number>[] = [];
  let isWatched = false;
  await using world = await openWorld({ delivery: { ...DELIVERY, greetingMs } });
  await using dead = await startScriptedPeer((client) => {
    if (isWatched) sending.push(sendingOf(world));
    return client.hang();
  });
  for (let n = 0; n < tenants; n++) await addTenant(world, dead, { id: `dead-${n}`, max_connections: 5 });
  for (let n = 0; n < tenants; n++) {
    await world.engine.submit(manyMails(10), { tenantId: `dead-${n}` });
  }
  isWatched = tenants > 0;
  await run(world, sending);
  await Promise.all(sending);
}

function manyMails(count: number, fields: Parameters<typeof mail>[1] = {}) {
  return Array.from({ length: count }, (_, n) => mail(`m${n}`, fields));
}

/** Waits from acceptance to receipt of messages of twenty tenants, a burst of each at a time. */
async function waitsOfTwenty(world: EngineWorld): Promise<readonly number[]> {
  await using relay = await startFairRelay();
  const tenants = Array.from({ length: 20 }, (_, n) => `tenant-${n}`);
  for (const id of tenants) await addTenant(world, relay, { id, max_connections: 2 });
  const acceptedAt = new Map<string, number>();
  for (let burst = 0; burst < 5; burst++) {
    await Promise.all(
      tenants.map(async (tenantId) => {
        const ids = [0, 1].map((n) => `${tenantId} ${burst} ${n}`);
        await world.engine.submit(
          ids.map((id) => mail(id)),
          { tenantId },
        );
        for (const id of ids) acceptedAt.set(id, Date.now());
      }),
    );
    await relay.waitFor(acceptedAt.size);
  }
  // A message may be there before its acceptance is told.
  return relay.arrivals.map(({ id, at }) => Math.max(0, at - (acceptedAt.get(id) ?? 0)));
}

describe('a relay that accepts connections and never answers', () => {
  test.each([
    { title: 'attempts that never end', dead: { tenants: 12, greetingMs: 600_000 } },
    { title: 'attempts that give up', dead: { tenants: 12, greetingMs: 300 } },
    { title: 'two hundred accounts that lead to it', dead: { tenants: 200, greetingMs: 600_000 } },
  ])('delays twenty other tenants by two seconds at most: $title', async ({ dead }) => {
    let alone: readonly number[] = [];
    await withDeadRelay({ tenants: 0, greetingMs: 300 }, async (world) => {
      alone = await waitsOfTwenty(world);
    });
    let beside: readonly number[] = [];
    await withDeadRelay(dead, async (world) => {
      await eventually(async () => (await sendingOf(world)) >= 4);
      beside = await waitsOfTwenty(world);
    });
    expect(beside).toHaveLength(alone.length);
    expect(p99(beside)).toBeLessThan(10 * p99(alone) + STALL_MS);
  });

  test('holds a fifth of the slots at most once it is known to fail', async () => {
    await withDeadRelay({ tenants: 12, greetingMs: 300 }, async (_, sendingAtConnect) => {
      await eventually(() => sendingAtConnect.length > 60);
      const sending = await Promise.all(sendingAtConnect.slice(-20));
      expect(Math.max(...sending)).toBeLessThanOrEqual(DELIVERY.maxSends / 5);
      expect(Math.max(...sending)).toBeGreaterThan(0);
    });
  });
});

/** An engine on what `prepare` wrote, with many copies of the one message that it submitted. */
async function openOnCopies(
  dir: TempDir,
  prepare: (world: EngineWorld) => Promise<void>,
  copies: Parameters<typeof copyMessage>[1],
): Promise<EngineWorld> {
  const database = dir.file('mail.db');
  {
    await using before = await openWorld({ database, start: false });
    await prepare(before);
  }
  await copyMessage(database, copies);
  return openWorld({ database });
}

/** How many others arrive between the acceptance and the arrival of each of ten messages, sent one after the other. */
async function overtakenBy(world: EngineWorld, relay: FairRelay, tenantId: string): Promise<readonly number[]> {
  const overtaken: number[] = [];
  for (let n = 0; n < 10; n++) {
    const id = `single ${n}`;
    const before = relay.arrivals.length;
    await world.engine.submit([mail(id)], { tenantId });
    await relay.waitFor((arrival) => arrival.id === id);
    overtaken.push(relay.arrivals.findIndex((arrival) => arrival.id === id) - before);
  }
  return overtaken;
}

describe('a backlog', () => {
  test('of 20,000 messages of one account is overtaken by the single messages of another tenant', async () => {
    using dir = tempDir();
    await using relay = await startFairRelay();
    await using world = await openOnCopies(
      dir,
      async (before) => {
        await addTenant(before, relay, { id: 'big', max_connections: 100 });
        await addTenant(before, relay, { id: 'small' });
        await before.engine.submit([mail('bulk')], { tenantId: 'big' });
      },
      { count: 20_000 },
    );
    await relay.waitFor(500);
    const overtaken = await overtakenBy(world, relay, 'small');
    expect(Math.max(...overtaken)).toBeLessThan(200);
    expect(relay.arrivals.length).toBeLessThan(15_000);
  });

  test('of immediate messages of one tenant is overtaken by the others too', async () => {
    using dir = tempDir();
    await using relay = await startFairRelay();
    await using world = await openOnCopies(
      dir,
      async (before) => {
        await addTenant(before, relay, { id: 'big', max_connections: 100 });
        await addTenant(before, relay, { id: 'small' });
        await before.engine.submit([mail('bulk', { priority: 'immediate' })], { tenantId: 'big' });
      },
      { count: 20_000 },
    );
    await relay.waitFor(200);
    const overtaken = await overtakenBy(world, relay, 'small');
    expect(Math.max(...overtaken)).toBeLessThan(200);
    expect(relay.arrivals.length).toBeLessThan(15_000);
  });

  test('of one message in each of 10,000 accounts of a tenant does not delay a tenant of one account', async () => {
    using dir = tempDir();
    await using relay = await startFairRelay();
    await using world = await openOnCopies(
      dir,
      async (before) => {
        await addTenant(before, relay, { id: 'big' });
        await addTenant(before, relay, { id: 'small' });
        await before.engine.submit([mail('bulk')], { tenantId: 'big' });
      },
      { count: 10_000, isAccountEach: true },
    );
    await relay.waitFor(100);
    const overtaken = await overtakenBy(world, relay, 'small');
    expect(Math.max(...overtaken)).toBeLessThan(200);
    expect(relay.arrivals.length).toBeLessThan(8_000);
  });
});

describe('weights', () => {
  test('a tenant of weight 3 gets three turns for one of a tenant of weight 1', async () => {
    await using relay = await startFairRelay();
    await using world = await openWorld({ delivery: { maxSends: 4, reservedImmediate: 1 }, start: false });
    for (const [id, weight] of [
      ['heavy', 3],
      ['light', 1],
    ] as const) {
      await addTenant(world, relay, { id, weight, max_connections: 3 });
      await world.engine.submit(manyMails(300, { subject: id }), { tenantId: id });
    }
    await world.engine.start();
    const first = (await relay.waitFor(200)).slice(0, 200);
    const heavy = first.filter(({ id }) => id === 'heavy').length;
    expect(heavy).toBeGreaterThan(135);
    expect(heavy).toBeLessThan(165);
  });

  test('an account of weight 3 gets three turns for one of another account of its tenant', async () => {
    await using relay = await startFairRelay();
    await using world = await openWorld({ delivery: { maxSends: 4, reservedImmediate: 1 }, start: false });
    for (const [id, weight] of [
      ['heavy', 3],
      ['light', 1],
    ] as const) {
      await addAccount(world, relay, { id, weight, max_connections: 3 });
      const mails = Array.from({ length: 300 }, (_, n) => mail(`${id} ${n}`, { subject: id, account_id: id }));
      await world.engine.submit(mails);
    }
    await world.engine.start();
    const first = (await relay.waitFor(200)).slice(0, 200);
    const heavy = first.filter(({ id }) => id === 'heavy').length;
    expect(heavy).toBeGreaterThan(135);
    expect(heavy).toBeLessThan(165);
  });
});

describe('priorities', () => {
  test.each([
    { title: 'all slots', delivery: { maxSends: 6, reservedImmediate: 1 }, max_connections: 50, held: 5 },
    { title: 'all connections of its account', delivery: { maxSends: 50 }, max_connections: 3, held: 2 },
  ])('an immediate message goes at once while low ones hold $title', async ({ delivery, max_connections, held }) => {
    const urgentCame = Promise.withResolvers<void>();
    await using relay = await startFairRelay((id) => (id === 'urgent' ? undefined : urgentCame.promise));
    await using world = await openWorld({ delivery });
    await addAccount(world, relay, { max_connections });
    await world.engine.submit(manyMails(100, { priority: 'low' }));
    await relay.waitFor(held);
    await world.engine.submit([mail('urgent', { priority: 'immediate' })]);
    await relay.waitFor(({ id }) => id === 'urgent');
    // Not one of the low ones was answered until now.
    expect(relay.arrivals.map(({ id }) => id).indexOf('urgent')).toBe(held);
    urgentCame.resolve();
    await relay.waitFor(101);
  });

  test.each(['maxConnections', 'maxConnectionsPerHost'])(
    'an immediate message goes at once while the low ones of another account hold all of %s but one',
    async (cap) => {
      const urgentCame = Promise.withResolvers<void>();
      await using relay = await startFairRelay((id) => (id === 'urgent' ? undefined : urgentCame.promise));
      await using world = await openWorld({ delivery: { [cap]: 4 } });
      await addAccount(world, relay, { id: 'bulk', max_connections: 10 });
      await addAccount(world, relay, { id: 'urgent' });
      await world.engine.submit(manyMails(50, { account_id: 'bulk', priority: 'low' }));
      await relay.waitFor(3);
      await world.engine.submit([mail('urgent', { account_id: 'urgent', priority: 'immediate' })]);
      await relay.waitFor(({ id }) => id === 'urgent');
      // Not one of the low ones was answered until now.
      expect(relay.arrivals).toHaveLength(4);
      urgentCame.resolve();
      await relay.waitFor(51);
    },
  );

  test('a low message is overtaken by the high ones of two steps at most, however many keep coming', async () => {
    const priorityStepMs = 400;
    await using relay = await startFairRelay();
    await using world = await openWorld({ delivery: { priorityStepMs } });
    // One connection, so that the order of arrival is the order of the lane.
    await addAccount(world, relay, { max_connections: 1 });
    let submitted = 0;
    const submitHigh = async (count: number): Promise<void> => {
      const mails = Array.from({ length: count }, () => mail(`high ${submitted++}`, { priority: 'high' }));
      await world.engine.submit(mails);
    };
    await submitHigh(30);
    await world.engine.submit([mail('low', { priority: 'low' })]);
    // As many high ones always wait.
    while (!relay.arrivals.some(({ id }) => id === 'low')) {
      await relay.waitFor(submitted - 20);
      await submitHigh(10);
      expect(submitted).toBeLessThan(10_000);
    }
    const position = relay.arrivals.findIndex(({ id }) => id === 'low');
    const acceptedAt = async (id: string) => Date.parse((await messageOf(world, id)).created_at);
    const limit = (await acceptedAt('low')) + 2 * priorityStepMs;
    const overtaking = relay.arrivals.slice(0, position);
    const latest = Math.max(...(await Promise.all(overtaking.slice(-50).map(({ id }) => acceptedAt(id)))));
    expect(position).toBeGreaterThan(30);
    expect(latest).toBeLessThanOrEqual(limit);
    expect(submitted).toBeGreaterThan(position);
  });
});
