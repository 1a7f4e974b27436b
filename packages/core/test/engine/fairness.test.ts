// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageInput } from '@mail-proxy/core';
import { eventually, startScriptedPeer, type TempDir, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, mail, messageOf, openWorld } from './engine-world.case.ts';
import {
  addOthers,
  addTenant,
  copyMessage,
  type FairRelay,
  p99Of,
  sendingOf,
  startFairRelay,
  waitsOfOthers,
} from './fairness-world.case.ts';

const DELIVERY = { maxSends: 20, reservedImmediate: 2 };
/** What of one lane may be claimed ahead and under way, in an engine of its default size: two times 50. */
const AHEAD = 100;
/** A million takes a minute to write and ten times the disk; set it to that for the whole. */
const BACKLOG = Number(process.env['GMP_FAIRNESS_BACKLOG'] ?? 50_000);
const BACKLOG_TEST_MS = 60_000 + BACKLOG / 5;

interface DeadRelay {
  /** Each with an account of its own that leads to the relay that hangs. */
  readonly tenants: number;
  /** When an attempt gives up. */
  readonly greetingMs: number;
}

interface BesideDead extends EngineWorld {
  readonly fair: FairRelay;
  /** How much is being sent whenever somebody connects to the relay that hangs. */
  readonly sendingAtConnect: readonly Promise<number>[];
}

/** A relay that accepts connections and never answers, and a fair one. */
async function withDeadRelay(
  { tenants, greetingMs }: DeadRelay,
  run: (world: BesideDead) => Promise<void>,
): Promise<void> {
  const sendingAtConnect: Promise<number>[] = [];
  let isWatched = false;
  await using fair = await startFairRelay();
  await using world = await openWorld({ delivery: { ...DELIVERY, greetingMs } });
  await using dead = await startScriptedPeer((client) => {
    fair.begunElsewhere();
    if (isWatched) sendingAtConnect.push(sendingOf(world));
    return client.hang();
  });
  await addOthers(world, fair);
  for (let n = 0; n < tenants; n++) await addTenant(world, dead, { id: `dead-${n}`, max_connections: 5 });
  for (let n = 0; n < tenants; n++) {
    await world.engine.submit(manyMails(10), { tenantId: `dead-${n}` });
  }
  isWatched = true;
  await run({ ...world, fair, sendingAtConnect });
  await Promise.all(sendingAtConnect);
}

function manyMails(count: number, fields: Parameters<typeof mail>[1] = {}) {
  return Array.from({ length: count }, (_, n) => mail(`m${n}`, fields));
}

describe('a relay that accepts connections and never answers', () => {
  test.each([
    { title: 'attempts that never end', dead: { tenants: 12, greetingMs: 600_000 } },
    { title: 'attempts that give up', dead: { tenants: 12, greetingMs: 300 } },
    { title: 'two hundred accounts that lead to it', dead: { tenants: 200, greetingMs: 600_000 } },
  ])('keeps 99 of 100 messages of twenty other tenants within three turns of each: $title', async ({ title, dead }) => {
    await withDeadRelay(dead, async (world) => {
      await eventually(async () => (await sendingOf(world)) >= 4);
      const waits = await waitsOfOthers(world, world.fair);
      expect(waits).toHaveLength(300);
      expect(p99Of(waits, title).turns).toBeLessThan(3 * 20);
    });
  });

  test('holds a fifth of the slots at most once it is known to fail', async () => {
    await withDeadRelay({ tenants: 12, greetingMs: 300 }, async ({ sendingAtConnect }) => {
      await eventually(() => sendingAtConnect.length > 60);
      const sending = await Promise.all(sendingAtConnect.slice(-20));
      expect(Math.max(...sending)).toBeLessThanOrEqual(DELIVERY.maxSends / 5);
      expect(Math.max(...sending)).toBeGreaterThan(0);
    });
  });
});

/** An engine on what `big` submitted, with many copies of it, and the others with nothing yet. */
async function openOnCopies(
  dir: TempDir,
  relay: FairRelay,
  { priority = 'medium', ...copies }: Parameters<typeof copyMessage>[1] & Pick<MessageInput, 'priority'>,
): Promise<EngineWorld> {
  const database = dir.file('mail.db');
  {
    await using before = await openWorld({ database, start: false });
    await addTenant(before, relay, { id: 'big', max_connections: 100 });
    await before.engine.submit([mail('bulk', { priority })], { tenantId: 'big' });
    await addOthers(before, relay);
  }
  await copyMessage(database, copies);
  return openWorld({ database });
}

describe('a backlog', () => {
  test.each([
    { title: `of ${BACKLOG} messages of one account`, copies: { count: BACKLOG } },
    { title: 'of immediate messages of one account', copies: { count: 20_000, priority: 'immediate' as const } },
    { title: 'of ten thousand accounts of one tenant', copies: { count: 10_000, isAccountEach: true } },
  ])(
    '$title lets 99 of 100 messages of twenty other tenants pass',
    async ({ title, copies }) => {
      using dir = tempDir();
      await using relay = await startFairRelay();
      await using world = await openOnCopies(dir, relay, copies);
      await relay.waitFor(200, { timeoutMs: BACKLOG_TEST_MS });
      const waits = await waitsOfOthers(world, relay);
      expect(waits).toHaveLength(300);
      expect(p99Of(waits, `a backlog ${title}`).turns).toBeLessThan(2 * AHEAD);
      // Most of the backlog was still there.
      expect(relay.turns).toBeLessThan(copies.count * 0.9);
    },
    BACKLOG_TEST_MS,
  );
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
