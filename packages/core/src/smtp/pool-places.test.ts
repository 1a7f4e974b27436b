// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createSmtpPool, type PoolLimits, type SmtpPoolOptions } from './pool.ts';
import type { HeldPlace } from './pool.types.ts';
import { relayAt, serve, startPeer } from './scripted-peer.case.ts';

const LIMITS: PoolLimits = {
  maxConnections: 1,
  maxTransactionsPerConnection: 1_000,
  maxAgeMs: 3_600_000,
  idleMs: 3_600_000,
};

async function startWorld(caps: Omit<SmtpPoolOptions, 'clock'> = {}) {
  const peer = await startPeer((connection) => serve(connection));
  const pool = createSmtpPool({ clock: systemClock, ...caps });
  const relay = relayAt(peer.port);
  return {
    peer,
    pool,
    acquire: (key = 'key', limits: Partial<PoolLimits> = {}) => pool.acquire(key, relay, { ...LIMITS, ...limits }),
    reserve: (key = 'key', signal?: AbortSignal) => pool.reserve(key, relay, LIMITS, signal),
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

type World = Awaited<ReturnType<typeof startWorld>>;

/** Notes the order in which what was asked for comes. */
function inOrder(): { readonly came: string[]; note<Item>(name: string, asked: Promise<Item>): Promise<Item> } {
  const came: string[] = [];
  return {
    came,
    async note(name, asked) {
      const item = await asked;
      came.push(name);
      return item;
    },
  };
}

async function giveBack(place: Promise<HeldPlace>): Promise<void> {
  using _ = await place;
}

describe('a place for a connection that somebody else opens', () => {
  test('counts as one of the key: who asks for a session waits for it', async () => {
    await using world = await startWorld();
    const place = await world.reserve();
    const { came, note } = inOrder();
    const acquiring = note('session', world.acquire());
    expect(world.pool.stats().get('key')).toMatchObject({ busy: 1, opening: 0, waiting: 1 });
    came.push('given back');
    place[Symbol.dispose]();
    using _ = await acquiring;
    expect(came).toEqual(['given back', 'session']);
  });

  test('is waited for while all connections are lent, and comes before those who wait for a session', async () => {
    await using world = await startWorld();
    const lent = await world.acquire();
    const { came, note } = inOrder();
    const acquiring = note('session', world.acquire());
    const reserving = note('place', world.reserve());
    expect(world.pool.stats().get('key')).toMatchObject({ busy: 1, waiting: 2 });
    lent.release();
    await giveBack(reserving);
    using _ = await acquiring;
    expect(came).toEqual(['place', 'session']);
  });

  test('makes room for itself: an idle connection is closed first', async () => {
    await using world = await startWorld();
    (await world.acquire()).release();
    expect(world.pool.stats().get('key')).toMatchObject({ idle: 1 });
    using _ = await world.reserve();
    expect(world.peer.connections[0]?.commands.at(-1)).toBe('QUIT');
    expect(world.pool.stats().get('key')).toMatchObject({ busy: 1, idle: 0, closing: 0 });
  });

  test.each([
    ['all keys', { maxConnections: 1 }],
    ['a host', { maxConnectionsPerHost: 1 }],
  ])('counts under the cap of %s', async (_, caps) => {
    await using world = await startWorld(caps);
    const lent = await world.acquire('other');
    const { came, note } = inOrder();
    const reserving = note('place', world.reserve());
    came.push('released');
    lent.release();
    const place = await reserving;
    expect(came).toEqual(['released', 'place']);
    const acquiring = note('session', world.acquire('other'));
    came.push('given back');
    place[Symbol.dispose]();
    using _session = await acquiring;
    expect(came.slice(2)).toEqual(['given back', 'session']);
  });

  test('takes over a slot from idle connections of its own key', async () => {
    await using world = await startWorld({ maxConnections: 2 });
    const both = await Promise.all([
      world.acquire('key', { maxConnections: 2 }),
      world.acquire('key', { maxConnections: 2 }),
    ]);
    for (const { release } of both) release();
    using _ = await world.pool.reserve('key', relayAt(world.peer.port), { maxConnections: 3 });
    expect(world.pool.stats().get('key')).toMatchObject({ busy: 1, idle: 1 });
  });

  test('counts once when it is given back twice', async () => {
    await using world = await startWorld();
    const first = await world.reserve();
    first[Symbol.dispose]();
    using _ = await world.reserve();
    first[Symbol.dispose]();
    expect(world.pool.stats().get('key')).toMatchObject({ busy: 1 });
  });
});

describe('who gives up', () => {
  test('waiting leaves the line to the next', async () => {
    await using world = await startWorld();
    const place = await world.reserve();
    const stop = new AbortController();
    const reserving = world.reserve('key', stop.signal);
    const next = world.reserve();
    stop.abort();
    await expect(reserving).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    place[Symbol.dispose]();
    await giveBack(next);
  });

  test('before asking is refused at once', async () => {
    await using world = await startWorld();
    await expect(world.reserve('key', AbortSignal.abort())).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    expect(world.pool.stats().size).toBe(0);
  });
});

describe('a pool that closes', () => {
  test('asks for its places back, and waits for them', async () => {
    await using world: World = await startWorld();
    const place = await world.reserve();
    const { came, note } = inOrder();
    const closing = note('closed', world.pool.close({ graceMs: 60_000 }));
    expect(place.signal.aborted).toBe(true);
    came.push('given back');
    place[Symbol.dispose]();
    await closing;
    expect(came).toEqual(['given back', 'closed']);
    await expect(world.reserve()).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  });

  test('does not wait longer than it was told to, and refuses who waits', async () => {
    await using world = await startWorld();
    await world.reserve();
    const waiting = world.reserve();
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ fault: { kind: 'aborted' } }),
      world.pool.close({ graceMs: 0 }),
    ]);
    expect(world.pool.stats().size).toBe(0);
  });
});
