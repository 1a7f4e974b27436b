// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { Stop, type StopSignal } from '../stop-signal.ts';
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
  const acquire = (signal?: StopSignal, own: Partial<PoolLimits> = {}): Promise<PooledSession> =>
    pool.acquire('key', relayAt(peer.port), { ...LIMITS, ...limits, ...own }, signal);
  const first = await acquire();
  await first.session.send(aTransaction());
  return {
    pool,
    acquire,
    advance,
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

test('only who got it last passes it on, once, and whoever gave it back has nothing to pass on', async () => {
  await using world = await startWorld();
  const [next, third, fourth] = [world.acquire(), world.acquire(), world.acquire()];
  world.first.passOn();
  const second = await next;
  world.first.passOn();
  world.first.release();
  world.first.passOn();
  expect(await isFulfilled(third)).toBe(false);
  second.passOn();
  expect(await isFulfilled(third)).toBe(true);
  second.passOn();
  second.release();
  expect(await isFulfilled(fourth)).toBe(false);
});

test('it is passed on while whoever had it before has its reply, but has not given it back', async () => {
  await using world = await startWorld();
  const [next, third] = [world.acquire(), world.acquire()];
  world.first.passOn();
  (await next).passOn();
  expect(await isFulfilled(third)).toBe(true);
});

test('where nobody waits it goes to who comes next, unless the last reply was faster', async () => {
  await using world = await startWorld();
  expect(world.first.passOn()).toBe(true);
  const second = await world.acquire();
  expect(second.session).toBe(world.first.session);
  expect(second.passOn()).toBe(true);
  world.first.release();
  second.release();
  expect(counts(world.pool)).toEqual([0, 1]);
  const third = await world.acquire();
  const fourth = world.acquire();
  expect(await isFulfilled(fourth)).toBe(false);
  third.release();
  expect(await isFulfilled(fourth)).toBe(true);
});

test('an idle connection comes first, and one more', async () => {
  await using world = await startWorld({ limits: { maxConnections: 2 } });
  world.first.passOn();
  const second = await world.acquire();
  expect(second.session).not.toBe(world.first.session);
  second.release();
  const third = await world.acquire();
  expect(third.session).toBe(second.session);
  const fourth = await world.acquire();
  expect(fourth.session).toBe(world.first.session);
});

test('of those that wait for their last reply the one that has waited longest is taken', async () => {
  await using world = await startWorld({ limits: { maxConnections: 2 } });
  const second = await world.acquire();
  await second.session.send(aTransaction());
  second.passOn();
  world.first.passOn();
  expect((await world.acquire()).session).toBe(second.session);
  expect((await world.acquire()).session).toBe(world.first.session);
});

test('nobody goes behind a message whose reply is late', async () => {
  await using world = await startWorld();
  world.first.passOn();
  world.advance(1_001);
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
  expect(world.first.passOn()).toBe(false);
  expect(await isFulfilled(next)).toBe(false);
});

test('a connection whose settings were changed is not passed on', async () => {
  await using world = await startWorld();
  world.pool.retire('key');
  const next = world.acquire();
  world.first.passOn();
  expect(await isFulfilled(next)).toBe(false);
});

test('who goes first does so before those that came before, but not before others that go first', async () => {
  await using world = await startWorld();
  const order: string[] = [];
  const ask = async (name: string, goesFirst: boolean): Promise<void> => {
    using _ = await world.acquire(undefined, { goesFirst });
    order.push(name);
  };
  const all = [ask('a', false), ask('b', true), ask('c', false), ask('d', true)];
  world.first.release();
  await Promise.all(all);
  expect(order).toEqual(['b', 'd', 'a', 'c']);
});

test('who gives up in line is passed over', async () => {
  await using world = await startWorld();
  const stop = new Stop();
  const given = expect(world.acquire(stop)).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  const next = world.acquire();
  stop.abort();
  await given;
  expect(world.first.passOn()).toBe(true);
  expect((await next).session).toBe(world.first.session);
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
