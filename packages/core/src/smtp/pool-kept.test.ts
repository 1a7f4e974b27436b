// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSmtpPool, type PooledSession, type PoolLimits } from './pool.ts';
import { aTransaction, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { standingClock } from './standing-clock.case.ts';

/** Of three connections one is kept for urgent callers. */
const OTHERS = 2;
const COMMON = { maxTransactionsPerConnection: 1_000, maxAgeMs: 3_600_000, idleMs: 60_000 };
const NORMAL: PoolLimits = { ...COMMON, maxConnections: OTHERS, keptFor: 'urgent' };
const LONG: PoolLimits = { ...NORMAL, isLong: true };
const URGENT: PoolLimits = {
  ...COMMON,
  maxConnections: 1,
  isUrgent: true,
  goesFirst: true,
  lentTo: { key: 'normal', maxConnections: OTHERS },
};

async function startWorld({ dotMs = 0, reserved = 0, maxConnections = 100 } = {}) {
  const { clock, advance } = standingClock();
  const relay = { dotMs };
  const peer = await startPeer((connection) =>
    serve(connection, {
      answers: {
        DOT: () => {
          advance(relay.dotMs);
          return '250 2.0.0 queued';
        },
      },
    }),
  );
  const pool = createSmtpPool({ clock, reserved, maxConnections });
  const acquire = (limits: PoolLimits = NORMAL): Promise<PooledSession> => {
    const acquiring = pool.acquire(limits.isUrgent === true ? 'urgent' : 'normal', relayAt(peer.port), limits);
    // Those that still wait at the end are told that the pool closes.
    acquiring.catch(() => undefined);
    return acquiring;
  };
  const send = async (limits: PoolLimits = NORMAL): Promise<void> => {
    using pooled = await acquire(limits);
    await pooled.session.send(aTransaction());
  };
  return {
    pool,
    relay,
    acquire,
    send,
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

type World = Awaited<ReturnType<typeof startWorld>>;

/** Connections of both keys, those that open or close counted in. */
function held({ pool }: World, ...keys: readonly string[]): number {
  let count = 0;
  for (const [key, { busy, idle, opening, closing }] of pool.stats()) {
    if (keys.length === 0 || keys.includes(key)) count += busy + idle + opening + closing;
  }
  return count;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise is fulfilled once the event loop has gone round some times. */
async function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  let fulfilled = false;
  promise.then(
    () => {
      fulfilled = true;
    },
    () => undefined,
  );
  for (let turn = 0; turn < 50 && !fulfilled; turn++) await nextTurn();
  return fulfilled;
}

test('while the relay is quick, others have the place that is kept, and who is urgent is the next of all', async () => {
  await using world = await startWorld();
  await world.send();
  const loans = [await world.acquire(), await world.acquire(), await world.acquire()];
  expect(held(world, 'normal')).toBe(OTHERS + 1);
  const later = world.acquire();
  const urgent = world.acquire(URGENT);
  expect(await isFulfilled(Promise.race([later, urgent]))).toBe(false);
  loans[1]?.release();
  expect(await isFulfilled(urgent)).toBe(true);
  expect(await isFulfilled(later)).toBe(false);
  expect(held(world)).toBe(OTHERS + 1);
});

test('before the relay replied to a message, and once it takes its time, the place is kept', async () => {
  await using world = await startWorld({ dotMs: 251 });
  for (const round of ['before', 'slow']) {
    const loans = [await world.acquire(), await world.acquire()];
    const third = world.acquire();
    expect([round, await isFulfilled(third)]).toEqual([round, false]);
    const urgent = await world.acquire(URGENT);
    expect(held(world, 'urgent')).toBe(1);
    await urgent.session.send(aTransaction());
    urgent.release();
    await loans[0]?.session.send(aTransaction());
    for (const loan of loans) loan.release();
    (await third).release();
  }
});

test('a relay that becomes slow gets the place back with the next message that ends', async () => {
  await using world = await startWorld();
  await world.send();
  const loans = [await world.acquire(), await world.acquire(), await world.acquire()];
  world.relay.dotMs = 5_000;
  await loans[0]?.session.send(aTransaction());
  loans[0]?.release();
  while (held(world) > OTHERS) await nextTurn();
  const urgent = await world.acquire(URGENT);
  expect(held(world, 'urgent')).toBe(1);
  urgent.release();
});

test('who is urgent and waits gets the connection that would be given back', async () => {
  await using world = await startWorld();
  await world.send();
  const loans = [await world.acquire(), await world.acquire(), await world.acquire()];
  const urgent = world.acquire(URGENT);
  world.relay.dotMs = 5_000;
  await loans[0]?.session.send(aTransaction());
  loans[0]?.release();
  expect((await urgent).session).toBe(loans[0]?.session);
});

test('a long message leaves a connection to others, where the place was taken', async () => {
  await using world = await startWorld();
  await world.send();
  const loans = [await world.acquire(), await world.acquire(), await world.acquire()];
  for (const loan of loans) loan.release();
  const long = [await world.acquire(LONG), await world.acquire(LONG)];
  const third = world.acquire(LONG);
  expect(await isFulfilled(third)).toBe(false);
  expect(await isFulfilled(world.acquire(URGENT))).toBe(true);
  for (const loan of long) loan.release();
  expect(await isFulfilled(third)).toBe(true);
});

test('the place is not taken while who is urgent has a connection', async () => {
  await using world = await startWorld();
  await world.send(URGENT);
  await world.send();
  const loans = [await world.acquire(), await world.acquire()];
  expect(await isFulfilled(world.acquire())).toBe(false);
  expect([held(world, 'normal'), held(world, 'urgent')]).toEqual([OTHERS, 1]);
  for (const loan of loans) loan.release();
});

test('what the pool reserves for urgent keys is not taken', async () => {
  await using world = await startWorld({ reserved: 1, maxConnections: OTHERS + 1 });
  await world.send();
  const loans = [await world.acquire(), await world.acquire()];
  expect(await isFulfilled(world.acquire())).toBe(false);
  expect(await isFulfilled(world.acquire(URGENT))).toBe(true);
  for (const loan of loans) loan.release();
});

test('whatever comes in whatever order, there are never more connections than allowed, and all are served', async () => {
  const step = fc.record({
    limits: fc.constantFrom(NORMAL, NORMAL, NORMAL, LONG, URGENT),
    dotMs: fc.constantFrom(0, 0, 0, 300),
    isSent: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using world = await startWorld();
      let most = 0;
      const note = (): void => {
        most = Math.max(most, held(world));
      };
      await Promise.all(
        steps.map(async ({ limits, dotMs, isSent }, index) => {
          for (let turn = 0; turn < index % 7; turn++) await nextTurn();
          using pooled = await world.acquire(limits);
          note();
          world.relay.dotMs = dotMs;
          if (isSent) await pooled.session.send(aTransaction());
          note();
        }),
      );
      note();
      expect(most).toBeLessThanOrEqual(OTHERS + 1);
    }),
    { numRuns: 30 },
  );
});
