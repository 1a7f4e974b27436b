// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createSmtpPool, isStaleConnection, type PooledSession, type PoolLimits, type SmtpPool } from './pool.ts';
import type { OpenSession } from './pool-lane.ts';
import { aTransaction, GENEROUS_TIMEOUTS, relayAt, type ServeOptions, serve, startPeer } from './scripted-peer.case.ts';
import { openSession } from './session.ts';
import type { RecipientReply, SmtpRelay } from './session.types.ts';
import { standingClock } from './standing-clock.case.ts';

const LIMITS: PoolLimits = {
  maxConnections: 2,
  maxTransactionsPerConnection: 100,
  maxAgeMs: 3_600_000,
  idleMs: 60_000,
};

/** A relay, and a pool that goes with it. */
async function startWorld(options: ServeOptions = {}, overrides: Partial<SmtpRelay> = {}) {
  const { clock, advance } = standingClock();
  const peer = await startPeer((connection) => serve(connection, options));
  const pool = createSmtpPool({ clock });
  const relay = relayAt(peer.port, overrides);
  return {
    peer,
    pool,
    relay,
    advance,
    acquire: (limits: Partial<PoolLimits> = {}, signal?: AbortSignal) =>
      pool.acquire('key', relay, { ...LIMITS, ...limits }, signal),
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

async function send({ session }: PooledSession): Promise<readonly RecipientReply[]> {
  return session.send(aTransaction());
}

function counts(pool: SmtpPool, key = 'key'): string {
  const stats = pool.stats().get(key);
  if (stats === undefined) return 'nothing';
  const named = Object.entries(stats).filter(([, count]) => count > 0);
  return named.map(([name, count]) => `${count} ${name}`).join(', ');
}

/** For what can only be looked at: lets the event loop go round. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Resolves when the pool has closed everything of the key. */
async function untilGone(pool: SmtpPool, key = 'key'): Promise<void> {
  while (pool.stats().has(key)) await nextTurn();
}

describe('acquire', () => {
  test('opens a connection only when asked, and keeps it for the next', async () => {
    await using world = await startWorld();
    expect(world.pool.stats().size).toBe(0);
    const acquiring = world.acquire();
    expect(counts(world.pool)).toBe('1 opening');
    const first = await acquiring;
    expect(counts(world.pool)).toBe('1 busy');
    expect(first.reused).toBe(false);
    await send(first);
    first.release();
    expect(counts(world.pool)).toBe('1 idle');
    using second = await world.acquire();
    expect(second.reused).toBe(true);
    expect(second.session).toBe(first.session);
    expect(world.peer.connections).toHaveLength(1);
  });

  test('takes the session that was used last', async () => {
    await using world = await startWorld();
    const [first, second] = await Promise.all([world.acquire(), world.acquire()]);
    first.release();
    second.release();
    using third = await world.acquire();
    expect(third.session).toBe(second.session);
  });

  test('waits in the order of asking when all connections are busy', async () => {
    await using world = await startWorld();
    const order: string[] = [];
    const held = await world.acquire({ maxConnections: 1 });
    const waiting = ['first', 'second', 'third'].map(async (name) => {
      using _ = await world.acquire({ maxConnections: 1 });
      order.push(name);
    });
    expect(counts(world.pool)).toBe('1 busy, 3 waiting');
    held.release();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second', 'third']);
    expect(world.peer.connections).toHaveLength(1);
  });

  test('never opens more than maxConnections, and one for each waiter up to that', async () => {
    await using world = await startWorld();
    const loans = Array.from({ length: 20 }, async () => {
      using pooled = await world.acquire({ maxConnections: 3 });
      await send(pooled);
    });
    expect(counts(world.pool)).toBe('1 opening, 19 waiting');
    await Promise.all(loans);
    expect(world.peer.connections).toHaveLength(3);
    expect(counts(world.pool)).toBe('3 idle');
  });

  test('releasing twice, or disposing after it, counts once', async () => {
    await using world = await startWorld();
    const pooled = await world.acquire();
    pooled.release();
    pooled.release();
    pooled[Symbol.dispose]();
    expect(counts(world.pool)).toBe('1 idle');
  });

  test('a failed opening rejects its caller and lets the next one try', async () => {
    let banners = 0;
    await using world = await startWorld({
      answers: {
        CONNECT: () => {
          banners += 1;
          return banners === 1 ? '421 4.3.2 busy' : '220 welcome';
        },
      },
    });
    const [first, second] = await Promise.allSettled([
      world.acquire({ maxConnections: 1 }),
      world.acquire({ maxConnections: 1 }),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { fault: { stage: 'greeting' }, reply: { code: 421 } } });
    expect(second).toMatchObject({ status: 'fulfilled', value: { reused: false } });
  });

  test('giving up while waiting leaves the line', async () => {
    await using world = await startWorld();
    const held = await world.acquire({ maxConnections: 1 });
    const giveUp = new AbortController();
    const waiting = world.acquire({ maxConnections: 1 }, giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    expect(counts(world.pool)).toBe('1 busy');
    held.release();
    expect(counts(world.pool)).toBe('1 idle');
    await expect(world.acquire({}, giveUp.signal)).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  });

  test('giving up while opening frees the place, for whoever waits', async () => {
    let banners = 0;
    await using world = await startWorld({
      answers: {
        CONNECT: () => {
          banners += 1;
          return banners === 1 ? '' : '220 welcome';
        },
      },
    });
    const giveUp = new AbortController();
    const opening = world.acquire({ maxConnections: 1 }, giveUp.signal);
    const waiting = world.acquire({ maxConnections: 1 });
    expect(counts(world.pool)).toBe('1 opening, 1 waiting');
    while (world.peer.connections.length === 0) await nextTurn();
    giveUp.abort();
    await expect(opening).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    using pooled = await waiting;
    expect(pooled.session.usable).toBe(true);
  });

  test('a signal that fires after the session was lent has no effect', async () => {
    await using world = await startWorld();
    const giveUp = new AbortController();
    using pooled = await world.acquire({}, giveUp.signal);
    giveUp.abort();
    expect(await send(pooled)).toMatchObject([{ status: 'accepted' }]);
  });

  test('a session opened for a caller who has given up goes to the next one', async () => {
    const opened = Promise.withResolvers<void>();
    const deaf: OpenSession = async (relay, { signal: _, ...options }) => {
      const session = await openSession(relay, options);
      await opened.promise;
      return session;
    };
    await using peer = await startPeer((connection) => serve(connection));
    await using pool = createSmtpPool({ clock: systemClock, open: deaf });
    const giveUp = new AbortController();
    const limits = { ...LIMITS, maxConnections: 1 };
    const first = pool.acquire('key', relayAt(peer.port), limits, giveUp.signal);
    const second = pool.acquire('key', relayAt(peer.port), limits);
    giveUp.abort();
    opened.resolve();
    await expect(first).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    using pooled = await second;
    expect(pooled.reused).toBe(true);
    expect(peer.connections).toHaveLength(1);
  });

  test('a relay that hangs holds up its own key only', async () => {
    await using hanging = await startPeer(() => undefined);
    await using world = await startWorld();
    const stuck = Array.from({ length: 5 }, () => world.pool.acquire('stuck', relayAt(hanging.port), LIMITS));
    for (const each of stuck) each.catch(() => undefined);
    using pooled = await world.acquire();
    expect(await send(pooled)).toMatchObject([{ status: 'accepted' }]);
    expect(counts(world.pool, 'stuck')).toBe('1 opening, 4 waiting');
  });
});

describe('a connection is closed instead of kept', () => {
  test('after maxTransactionsPerConnection, and its place is free only when it is closed', async () => {
    await using world = await startWorld();
    const limits = { maxConnections: 1, maxTransactionsPerConnection: 2 };
    for (let count = 0; count < 5; count += 1) {
      using pooled = await world.acquire(limits);
      expect(pooled.reused).toBe(count % 2 === 1);
      await send(pooled);
    }
    expect(world.peer.connections).toHaveLength(3);
    const quits = world.peer.connections.map(({ commands }) => commands.includes('QUIT'));
    expect(quits).toEqual([true, true, false]);
  });

  test('after maxAgeMs', async () => {
    await using world = await startWorld();
    const first = await world.acquire({ maxAgeMs: 1_000 });
    world.advance(999);
    first.release();
    expect(counts(world.pool)).toBe('1 idle');
    world.advance(1);
    using second = await world.acquire({ maxAgeMs: 1_000 });
    expect(second.reused).toBe(false);
  });

  test('when it is not usable any more', async () => {
    await using world = await startWorld({ answers: { DOT: () => 'close' } });
    const pooled = await world.acquire();
    await send(pooled);
    pooled.release();
    expect(counts(world.pool)).toBe('nothing');
  });

  test('after idleMs without use: each one at its own time', async () => {
    await using world = await startWorld();
    const [first, second] = await Promise.all([world.acquire(), world.acquire()]);
    first.release();
    world.advance(10_000);
    second.release();
    world.advance(49_999);
    expect(counts(world.pool)).toBe('2 idle');
    world.advance(1);
    expect(counts(world.pool)).toBe('1 idle, 1 closing');
    expect(second.session.usable).toBe(true);
    world.advance(9_999);
    expect(second.session.usable).toBe(true);
    world.advance(1);
    expect(second.session.usable).toBe(false);
    await untilGone(world.pool);
    expect(world.peer.connections.every(({ commands }) => commands.at(-1) === 'QUIT')).toBe(true);
  });

  test('not while it is used again and again', async () => {
    await using world = await startWorld();
    for (let count = 0; count < 10; count += 1) {
      using _ = await world.acquire();
      world.advance(50_000);
    }
    expect(world.peer.connections).toHaveLength(1);
  });

  test.each(['421 4.4.2 too long', 'close'])('at once when the relay ends it while it is idle (%s)', async (act) => {
    await using world = await startWorld();
    const pooled = await world.acquire();
    pooled.release();
    const [connection] = world.peer.connections;
    if (act === 'close') connection?.close();
    else connection?.say(act);
    await untilGone(world.pool);
    using next = await world.acquire();
    expect(next.reused).toBe(false);
    expect(await send(next)).toMatchObject([{ status: 'accepted' }]);
  });
});

describe('retire', () => {
  test('closes what is idle at once and what is busy on release', async () => {
    await using world = await startWorld();
    const [idle, busy] = await Promise.all([world.acquire(), world.acquire()]);
    idle.release();
    world.pool.retire('key');
    expect(idle.session.usable).toBe(false);
    expect(await send(busy)).toMatchObject([{ status: 'accepted' }]);
    busy.release();
    expect(busy.session.usable).toBe(false);
    await untilGone(world.pool);
    using next = await world.acquire();
    expect(next.reused).toBe(false);
  });

  test('closes on release what was still opening', async () => {
    await using world = await startWorld();
    const acquiring = world.acquire();
    world.pool.retire('key');
    const pooled = await acquiring;
    expect(await send(pooled)).toMatchObject([{ status: 'accepted' }]);
    pooled.release();
    await untilGone(world.pool);
  });

  test('of a key that is not there does nothing', async () => {
    await using world = await startWorld();
    world.pool.retire('other');
    expect(world.pool.stats().size).toBe(0);
  });
});

describe('close', () => {
  test('says QUIT on idle connections, waits for busy ones, lends nothing more', async () => {
    await using world = await startWorld();
    const [idle, busy] = await Promise.all([world.acquire(), world.acquire()]);
    idle.release();
    const other = await world.acquire();
    const rest = world.acquire();
    const closing = world.pool.close({ graceMs: 60_000 });
    await expect(rest).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    await expect(world.acquire()).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    expect(await send(busy)).toMatchObject([{ status: 'accepted' }]);
    busy.release();
    other.release();
    await closing;
    expect(world.pool.stats().size).toBe(0);
    expect(world.peer.connections.map(({ commands }) => commands.at(-1))).toEqual(['QUIT', 'QUIT']);
  });

  test('cuts after graceMs what is still busy, given back or not', async () => {
    await using world = await startWorld({ answers: { DOT: () => '' } });
    const pooled = await world.acquire();
    const sending = send(pooled);
    const connection = world.peer.connections[0]!;
    while (connection.messages.length === 0) await nextTurn();
    const closing = world.pool.close({ graceMs: 5_000 });
    world.advance(5_000);
    await closing;
    expect(await sending).toMatchObject([{ status: 'broken', doubt: true, fault: { kind: 'aborted' } }]);
    pooled.release();
    expect(world.pool.stats().size).toBe(0);
  });

  test('gives up what is opening', async () => {
    await using world = await startWorld({ answers: { CONNECT: () => '' } });
    const opening = world.acquire();
    const closing = world.pool.close({ graceMs: 60_000 });
    await expect(opening).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    await closing;
  });

  test('does not wait longer than graceMs for an answer to QUIT', async () => {
    await using world = await startWorld({ answers: { QUIT: () => '' } });
    (await world.acquire()).release();
    const closing = world.pool.close({ graceMs: 100 });
    world.advance(100);
    await closing;
    await world.peer.connections[0]?.gone();
  });

  test('of an empty pool, and twice, is done at once', async () => {
    await using world = await startWorld();
    await Promise.all([world.pool.close(), world.pool.close()]);
  });
});

describe('isStaleConnection', () => {
  const reused = { reused: true };

  test('a relay that closed a kept connection unseen is stale: the message goes out on a new one', async () => {
    let mails = 0;
    await using world = await startWorld({
      answers: {
        MAIL: () => {
          mails += 1;
          return mails === 2 ? 'close' : '250 ok';
        },
      },
    });
    const first = await world.acquire();
    await send(first);
    first.release();
    const second = await world.acquire();
    const replies = await send(second);
    expect(replies).toMatchObject([{ status: 'broken', doubt: false }]);
    expect(isStaleConnection(replies, second)).toBe(true);
    second.release();
    using third = await world.acquire();
    expect(third.reused).toBe(false);
    expect(await send(third)).toMatchObject([{ status: 'accepted' }]);
  });

  test('421 in place of the reply to MAIL is stale on a kept connection, and an answer on a new one', async () => {
    await using world = await startWorld({ answers: { MAIL: () => '421 4.4.2 too long' } });
    using pooled = await world.acquire();
    const replies = await send(pooled);
    expect(replies).toMatchObject([{ status: 'refused', reply: { code: 421 } }]);
    expect(isStaleConnection(replies, pooled)).toBe(false);
    expect(isStaleConnection(replies, reused)).toBe(true);
  });

  const reply = { code: 421, enhanced: null, text: '' };
  const fault = { kind: 'reset', stage: 'mail', text: '' } as const;
  const broken = { status: 'broken', address: 'a', fault, doubt: false } as const;
  test.each<[string, RecipientReply, boolean]>([
    ['reset at MAIL', broken, true],
    ['close at RSET', { ...broken, fault: { ...fault, kind: 'closed', stage: 'rset' } }, true],
    ['reset at RCPT: MAIL was answered', { ...broken, fault: { ...fault, stage: 'rcpt' } }, false],
    ['timeout at MAIL', { ...broken, fault: { ...fault, kind: 'timeout' } }, false],
    ['not to be sent any more', { ...broken, fault: { ...fault, kind: 'aborted' } }, false],
    ['doubt', { ...broken, doubt: true, fault: { ...fault, stage: 'dot' } }, false],
    ['450 to MAIL', { status: 'refused', address: 'a', stage: 'mail', reply: { ...reply, code: 450 } }, false],
    ['421 to RCPT', { status: 'refused', address: 'a', stage: 'rcpt', reply }, false],
    ['250', { status: 'accepted', address: 'a', reply: { ...reply, code: 250 } }, false],
  ])('%s', (_, each, wanted) => {
    expect(isStaleConnection([each], reused)).toBe(wanted);
    expect(isStaleConnection([broken, each], reused)).toBe(wanted);
    expect(isStaleConnection([each], { reused: false })).toBe(false);
  });
});

test('a message to a pool whose relay answers nothing ends with the timeouts of the relay', async () => {
  await using peer = await startPeer(() => undefined);
  await using pool = createSmtpPool({ clock: systemClock });
  const relay = relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, greetingMs: 50 } });
  await expect(pool.acquire('key', relay, LIMITS)).rejects.toMatchObject({
    fault: { kind: 'timeout', stage: 'greeting' },
  });
  expect(pool.stats().size).toBe(0);
});
