// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { createSmtpPool, type PooledSession, type PoolLimits, type SmtpPool } from './pool.ts';
import { aTransaction, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { standingClock } from './standing-clock.case.ts';

const LIMITS: PoolLimits = {
  maxConnections: 1,
  maxTransactionsPerConnection: 100,
  maxAgeMs: 3_600_000,
  idleMs: 60_000,
};

/** A pool with one connection, over which a message went already. */
async function startWorld({ dotMs = 0, limits = {} }: { readonly dotMs?: number; readonly limits?: object } = {}) {
  const { clock, advance } = standingClock();
  const peer = await startPeer((connection) =>
    serve(connection, {
      answers: {
        DOT: () => {
          advance(dotMs);
          return '250 2.0.0 queued';
        },
      },
    }),
  );
  const pool = createSmtpPool({ clock });
  const acquire = (): Promise<PooledSession> => pool.acquire('key', relayAt(peer.port), { ...LIMITS, ...limits });
  const first = await acquire();
  await first.session.send(aTransaction());
  return {
    pool,
    acquire,
    first,
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** Connections that are busy and idle. */
function counts(pool: SmtpPool): readonly [busy: number, idle: number] {
  const stats = pool.stats().get('key');
  return [stats?.busy ?? 0, stats?.idle ?? 0];
}

/** Whether a promise is fulfilled once the event loop has gone round. */
async function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([promise.then(() => true), later]);
}

test('a session that is passed on is the next caller’s as well, and idle when both have given it back', async () => {
  await using world = await startWorld();
  const next = world.acquire();
  expect(await isFulfilled(next)).toBe(false);
  world.first.passOn();
  const second = await next;
  expect(second).toMatchObject({ session: world.first.session, reused: true });
  expect(counts(world.pool)).toEqual([1, 0]);
  world.first.release();
  expect(counts(world.pool)).toEqual([1, 0]);
  second.release();
  expect(counts(world.pool)).toEqual([0, 1]);
});

test('a message sent by the next caller goes behind that of the first', async () => {
  await using world = await startWorld();
  const next = world.acquire();
  let isBehind = false;
  const sending = next.then(({ session }) =>
    session.send(aTransaction({ to: ['b@rcpt.test'] }), () => true, {
      onBehind: () => {
        isBehind = true;
      },
    }),
  );
  const sent = await world.first.session.send(aTransaction(), () => true, { onFinalDot: () => world.first.passOn() });
  expect([...sent, ...(await sending)].map(({ status }) => status)).toEqual(['accepted', 'accepted']);
  expect(isBehind).toBe(true);
});

test('two have it at most, and whoever gave it back has nothing to pass on', async () => {
  await using world = await startWorld();
  const [next, third] = [world.acquire(), world.acquire()];
  world.first.passOn();
  const second = await next;
  second.passOn();
  expect(await isFulfilled(third)).toBe(false);
  world.first.release();
  world.first.passOn();
  expect(await isFulfilled(third)).toBe(false);
  second.passOn();
  expect(await isFulfilled(third)).toBe(true);
});

test('where nobody waits nothing is passed on', async () => {
  await using world = await startWorld();
  world.first.passOn();
  const next = world.acquire();
  expect(await isFulfilled(next)).toBe(false);
  world.first.release();
  expect(await isFulfilled(next)).toBe(true);
});

test.each([
  ['takes long to reply to a message', { dotMs: 1_001 }],
  ['takes no more messages on the connection', { limits: { maxTransactionsPerConnection: 2 } }],
  ['has had the connection for too long', { dotMs: 500, limits: { maxAgeMs: 500 } }],
])('a relay that %s gets the next message elsewhere or later', async (_, options) => {
  await using world = await startWorld(options);
  const next = world.acquire();
  world.first.passOn();
  expect(await isFulfilled(next)).toBe(false);
});

test('a connection whose settings were changed is not passed on', async () => {
  await using world = await startWorld();
  world.pool.retire('key');
  const next = world.acquire();
  world.first.passOn();
  expect(await isFulfilled(next)).toBe(false);
});

test('a pool that is closed cuts a connection that two have, and forgets it', async () => {
  await using world = await startWorld();
  const next = world.acquire();
  world.first.passOn();
  const second = await next;
  await world.pool.close({ graceMs: 0 });
  world.first.release();
  second.release();
  expect(world.pool.stats().size).toBe(0);
  expect(second.session.usable).toBe(false);
});
