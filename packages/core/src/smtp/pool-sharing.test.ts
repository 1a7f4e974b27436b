// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSmtpPool, type PooledSession, type PoolLimits, type SmtpPool, type SmtpPoolOptions } from './pool.ts';
import { PoolSlots, type SlotUser } from './pool-slots.ts';
import { type Answers, aTransaction, relayAt, type ServeOptions, serve, startPeer } from './scripted-peer.case.ts';
import type { SmtpRelay } from './session.types.ts';
import { standingClock } from './standing-clock.case.ts';

const LIMITS: PoolLimits = {
  maxConnections: 10,
  maxTransactionsPerConnection: 1_000_000,
  maxAgeMs: 3_600_000,
  idleMs: 3_600_000,
};

async function startWorld(caps: Omit<SmtpPoolOptions, 'clock'> = {}, options: ServeOptions = {}) {
  const { clock, advance } = standingClock();
  const peer = await startPeer((connection) => serve(connection, options));
  const pool = createSmtpPool({ clock, ...caps });
  return {
    peer,
    pool,
    advance,
    acquire: (key: string, overrides: Partial<SmtpRelay> = {}, limits: Partial<PoolLimits> = {}) =>
      pool.acquire(key, relayAt(peer.port, overrides), { ...LIMITS, ...limits }),
    async [Symbol.asyncDispose]() {
      await pool.close({ graceMs: 0 });
      await peer[Symbol.asyncDispose]();
    },
  };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Connections of all keys, those that open or close counted in. */
function held(pool: SmtpPool): number {
  let count = 0;
  for (const { busy, idle, opening, closing } of pool.stats().values()) count += busy + idle + opening + closing;
  return count;
}

async function use(acquiring: Promise<PooledSession>): Promise<void> {
  using pooled = await acquiring;
  expect(await pooled.session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
}

describe('the first opening of a key', () => {
  /** Refuses this many AUTH, then takes all. */
  function refusing(times: number): { readonly options: ServeOptions; readonly logins: () => number } {
    let logins = 0;
    const answers: Answers = {
      AUTH: () => {
        logins += 1;
        return logins <= times ? '535 5.7.8 wrong' : '235 ok';
      },
    };
    return { options: { extensions: ['AUTH PLAIN'], answers }, logins: () => logins };
  }
  const auth = { user: 'me', method: 'plain', password: 'secret' } as const;

  test('a wrong password costs one login, whoever waits, and the next call tries again', async () => {
    const { options, logins } = refusing(1);
    await using world = await startWorld({}, options);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => world.acquire('key', { auth })));
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { reply: { code: 535 } } });
    expect(logins()).toBe(1);
    await use(world.acquire('key', { auth }));
    expect(logins()).toBe(2);
  });

  test('a password that is changed later costs no login for those in line', async () => {
    let isChanged = false;
    let logins = 0;
    const login = (): string => {
      logins += 1;
      return isChanged ? '535 5.7.8 wrong' : '235 ok';
    };
    await using world = await startWorld({}, { extensions: ['AUTH PLAIN'], answers: { AUTH: login } });
    const limits = { maxConnections: 2 };
    const first = await world.acquire('key', { auth }, limits);
    isChanged = true;
    const second = world.acquire('key', { auth }, limits);
    const third = world.acquire('key', { auth }, limits);
    await expect(second).rejects.toMatchObject({ reply: { code: 535 } });
    await expect(third).rejects.toMatchObject({ reply: { code: 535 } });
    first.release();
    expect(logins).toBe(2);
  });

  test('once one has worked, the others open side by side', async () => {
    await using world = await startWorld();
    const loans = await Promise.all(Array.from({ length: 5 }, () => world.acquire('key')));
    expect(world.peer.connections).toHaveLength(5);
    for (const each of loans) each.release();
  });

  test('a relay out of reach answers all who were in line before, and nobody who came after', async () => {
    const gone = await startPeer(() => undefined);
    await gone[Symbol.asyncDispose]();
    await using world = await startWorld();
    const before = Array.from({ length: 3 }, () => world.pool.acquire('key', relayAt(gone.port), LIMITS));
    const results = await Promise.allSettled(before);
    const reasons = results.map((each) => (each.status === 'rejected' ? each.reason : null));
    expect(reasons[0]).toMatchObject({ fault: { stage: 'connect' } });
    // The second opened for itself, and so had the third in line.
    expect(new Set(reasons).size).toBe(2);
    expect(world.pool.stats().size).toBe(0);
  });
});

test.each([
  ['250 ok', true],
  ['421 4.4.2 idle for too long', false],
])('a connection that was idle for long is asked first; "%s" keeps it: %s', async (answer, isKept) => {
  await using world = await startWorld({}, { answers: { NOOP: () => answer } });
  (await world.acquire('key')).release();
  world.advance(14_999);
  (await world.acquire('key')).release();
  expect(world.peer.connections[0]?.commands).not.toContain('NOOP');
  world.advance(15_000);
  using pooled = await world.acquire('key');
  expect(world.peer.connections[0]?.commands).toContain('NOOP');
  expect(pooled.reused).toBe(isKept);
  expect(world.peer.connections).toHaveLength(isKept ? 1 : 2);
  expect(await pooled.session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
});

test('giving up while a connection is asked keeps it for the next', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const noop = (): Promise<string> => {
    asked.resolve();
    return answer.promise;
  };
  await using world = await startWorld({}, { answers: { NOOP: noop } });
  (await world.acquire('key')).release();
  world.advance(20_000);
  const giveUp = new AbortController();
  const waiting = world.pool.acquire('key', relayAt(world.peer.port), LIMITS, giveUp.signal);
  await asked.promise;
  giveUp.abort();
  answer.resolve('250 ok');
  await expect(waiting).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  await use(world.acquire('key'));
  expect(world.peer.connections).toHaveLength(1);
});

test('a connection is renewed after MAILMAX transactions', async () => {
  await using world = await startWorld({}, { extensions: ['LIMITS MAILMAX=2'] });
  for (let count = 0; count < 5; count += 1) await use(world.acquire('key', {}, { maxConnections: 1 }));
  expect(world.peer.connections.map(({ messages }) => messages.length)).toEqual([2, 2, 1]);
});

describe('caps of all keys together', () => {
  test.each([{ maxConnections: 3 }, { maxConnectionsPerHost: 3 }])('are never exceeded (%o)', async (caps) => {
    await using world = await startWorld(caps);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    let most = 0;
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        using pooled = await world.acquire(keys[index % keys.length] ?? '');
        most = Math.max(most, held(world.pool));
        await pooled.session.send(aTransaction());
      }),
    );
    expect(most).toBe(3);
    expect(world.peer.connections.flatMap(({ messages }) => messages)).toHaveLength(100);
  });

  test('an idle connection of another key makes room, the oldest one first', async () => {
    await using world = await startWorld({ maxConnections: 2 });
    for (const key of ['old', 'new']) {
      (await world.acquire(key)).release();
      world.advance(10);
    }
    using _ = await world.acquire('third');
    expect([...world.pool.stats().keys()].sort()).toEqual(['new', 'third']);
    expect(world.peer.connections[0]?.commands.at(-1)).toBe('QUIT');
  });

  test('of a host, an idle connection to another host makes no room', async () => {
    await using other = await startPeer((connection) => serve(connection));
    await using world = await startWorld({ maxConnectionsPerHost: 1 });
    const away = await world.pool.acquire('away', relayAt(other.port), LIMITS);
    away.release();
    const first = await world.acquire('first');
    const second = world.acquire('second');
    await nextTurn();
    expect(world.pool.stats().get('away')).toMatchObject({ idle: 1 });
    first.release();
    using _ = await second;
    expect([...world.pool.stats().keys()].sort()).toEqual(['away', 'second']);
  });

  test('a key with many connections gives up those that another key needs', async () => {
    await using world = await startWorld({ maxConnections: 4 });
    let isOver = false;
    const greedy = Array.from({ length: 6 }, async () => {
      while (!isOver) await use(world.acquire('greedy'));
    });
    while (world.pool.stats().get('greedy')?.busy !== 4) await nextTurn();
    // Both at once: two of the four must be given up.
    for (const each of await Promise.all([world.acquire('modest'), world.acquire('modest')])) each.release();
    isOver = true;
    await Promise.all(greedy);
  });

  test('keys that wait are served in turn, one connection each', async () => {
    await using world = await startWorld({ maxConnections: 1 });
    const holder = await world.acquire('holder');
    const order: string[] = [];
    const loans = ['a', 'a', 'a', 'b', 'b', 'c'].map(async (key) => {
      using pooled = await world.acquire(key, {}, { maxTransactionsPerConnection: 1 });
      order.push(key);
      await pooled.session.send(aTransaction());
    });
    holder.release();
    await Promise.all(loans);
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  test('a key without end does not keep the only connection for ever', async () => {
    await using world = await startWorld({ maxConnections: 1 });
    let isServed = false;
    let loans = 0;
    const endless = async (): Promise<void> => {
      while (!isServed) {
        await use(world.acquire('endless'));
        loans += 1;
      }
    };
    const running = [endless(), endless()];
    while (loans === 0) await nextTurn();
    await use(world.acquire('other'));
    isServed = true;
    await Promise.all(running);
  });

  test('a caller who gives up leaves the line of the keys', async () => {
    await using world = await startWorld({ maxConnections: 1 });
    const holder = await world.acquire('holder');
    const giveUp = new AbortController();
    const waiting = world.pool.acquire('gone', relayAt(world.peer.port), LIMITS, giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    holder.release();
    await use(world.acquire('holder'));
    expect(world.peer.connections).toHaveLength(1);
    expect([...world.pool.stats().keys()]).toEqual(['holder']);
  });
});

describe('what is reserved for urgent keys', () => {
  test.each(['maxConnections', 'maxConnectionsPerHost'])(
    'of %s is theirs, however long others keep the rest',
    async (cap) => {
      await using world = await startWorld({ [cap]: 3, reserved: 1 });
      const held = await Promise.all([world.acquire('low'), world.acquire('low')]);
      const third = world.acquire('low');
      await nextTurn();
      expect(world.pool.stats().get('low')).toMatchObject({ busy: 2, opening: 0, waiting: 1 });
      // Another account's, while not one of the low ones comes back.
      await use(world.acquire('urgent', {}, { isUrgent: true }));
      // Idle now, it makes room for the next urgent key, not for a low one.
      await use(world.acquire('urgent too', {}, { isUrgent: true }));
      expect(world.pool.stats().get('low')).toMatchObject({ busy: 2, opening: 0, waiting: 1 });
      for (const each of held) each.release();
      (await third).release();
    },
  );

  test('is nothing where a cap is one', async () => {
    await using world = await startWorld({ maxConnections: 1, reserved: 1 });
    await use(world.acquire('low'));
    await use(world.acquire('urgent', {}, { isUrgent: true }));
    await use(world.acquire('low'));
  });
});

test('slots are never taken beyond the caps, and nobody waits while one fits, whatever the users do', () => {
  /** A key whose connections open and close at once. */
  class User implements SlotUser {
    readonly host: string;
    readonly isUrgent: boolean;
    readonly #slots: PoolSlots;
    busy = 0;
    idle = 0;
    wants = 0;

    constructor({ host, isUrgent }: Pick<SlotUser, 'host' | 'isUrgent'>, slots: PoolSlots) {
      this.host = host;
      this.isUrgent = isUrgent;
      this.#slots = slots;
    }

    get size(): number {
      return this.busy + this.idle;
    }

    get idleSince(): number | null {
      return this.idle > 0 ? 0 : null;
    }

    serve(): void {
      let isInLine = false;
      while (this.wants > 0 && !isInLine) {
        if (this.idle > 0) this.idle -= 1;
        else if (!this.#slots.take(this)) {
          isInLine = true;
          continue;
        }
        this.busy += 1;
        this.wants -= 1;
      }
      if (!isInLine) this.#slots.withdraw(this);
      this.#slots.changed(this);
    }

    closeOldestIdle(): void {
      this.idle -= 1;
      this.serve();
    }

    release(): void {
      if (this.busy === 0) return;
      if (this.#slots.mustYield(this, 10)) this.busy -= 1;
      else {
        this.busy -= 1;
        this.idle += 1;
      }
      this.serve();
    }
  }

  const step = fc.record({ user: fc.nat(5), isRelease: fc.boolean() });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(2),
      fc.array(step, { maxLength: 80 }),
      (total, perHost, reserved, steps) => {
        const slots = new PoolSlots({ maxConnections: total, maxConnectionsPerHost: perHost, reserved });
        const users = Array.from(
          { length: 6 },
          (_, index) => new User({ host: `host${index % 3}`, isUrgent: index > 3 }, slots),
        );
        const count = (isMeant: (user: User) => boolean): number =>
          users.filter(isMeant).reduce((sum, each) => sum + each.size, 0);
        const isFull = (cap: number, { isUrgent }: User, isMeant: (user: User) => boolean): boolean =>
          count(isMeant) === cap ||
          (!isUrgent && count((each) => isMeant(each) && !each.isUrgent) === Math.max(1, cap - reserved));
        for (const { user: index, isRelease } of steps) {
          const user = users[index]!;
          if (isRelease) user.release();
          else {
            user.wants += 1;
            user.serve();
          }
          for (const each of users) {
            const isNeighbour = ({ host }: User): boolean => host === each.host;
            expect(count(() => true)).toBeLessThanOrEqual(total);
            expect(count(isNeighbour)).toBeLessThanOrEqual(perHost);
            if (each.wants > 0) {
              expect(isFull(total, each, () => true) || isFull(perHost, each, isNeighbour)).toBe(true);
            }
          }
        }
        // Once everybody gives back what they have, again and again, all have been served.
        for (let round = 0; round < 100; round += 1) for (const user of users) user.release();
        expect(users.every((user) => user.wants === 0)).toBe(true);
      },
    ),
    { examples: [[2, 1, 1, [0, 2, 5].map((user) => ({ user, isRelease: false }))]] },
  );
});
