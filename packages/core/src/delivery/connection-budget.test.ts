// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import { silentLog } from '../observability/log.ts';
import type { ConnectionShares } from '../queue/connection-shares.ts';
import type { PoolStats } from '../smtp/pool.types.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { claimed, laneSettings } from './dispatch-world.case.ts';
import { Lane } from './lane.ts';

const MAX_CONNECTIONS = 10;

/** A budget of one lane; the database's part is played by the test. */
class BudgetWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly lane = new Lane(
    { accountPk: 'account', tenantId: 'acme' },
    laneSettings({ capacity: 30, maxConnections: MAX_CONNECTIONS }),
  );
  /** Connections that are open. */
  open = 0;
  /** Connections that other instances have. */
  taken = 0;
  /** What the database holds. */
  recorded = 0;
  instances = 2;
  /** Thrown by what the database is asked next. */
  failure: Error | null = null;
  /** The number of living instances is known only then. */
  countAnswer: Promise<void> | null = null;
  readonly more: Lane[] = [];
  readonly budget: ConnectionBudget;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor() {
    this.lane.share = 0;
    this.budget = new ConnectionBudget({
      clock: this.clock,
      log: silentLog,
      keeper: { number: 1 },
      leaseMs: 30_000,
      shares: this.#shares(),
      pool: { stats: () => this.#stats(), retire: () => undefined },
      tellPeers: () => undefined,
    });
    this.budget.onMore((lane) => this.more.push(lane));
    this.#done = this.budget.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  #shares(): ConnectionShares {
    const fail = (): void => {
      const { failure } = this;
      this.failure = null;
      if (failure !== null) throw failure;
    };
    return {
      take: async (requests) => {
        fail();
        return requests.map(({ wanted, maxConnections }) => {
          this.recorded = Math.min(wanted, maxConnections - this.taken);
          return this.recorded;
        });
      },
      keep: async (_accountPk, connections) => {
        fail();
        this.recorded = connections;
      },
      countLiving: async () => {
        await this.countAnswer;
        return this.instances;
      },
    };
  }

  #stats(): ReadonlyMap<string, PoolStats> {
    if (this.open === 0) return new Map();
    return new Map([['account:1', { busy: this.open, idle: 0, opening: 0, closing: 0, waiting: 0 }]]);
  }
}

const fails = () => new MailProxyError('database_unavailable', { detail: 'the connection broke' });

describe('the connections of an account that is idle', () => {
  test('are given up when another instance wants them', async () => {
    await using world = new BudgetWorld();
    await world.budget.secure([world.lane]);
    world.open = 3;
    await world.budget.heard('account', true);
    world.open = 0;
    await world.clock.advance(1_000);
    expect([world.lane.share, world.recorded]).toEqual([0, 0]);
  });

  test('stay where messages came into hand while the other instances were counted', async () => {
    await using world = new BudgetWorld();
    await world.budget.secure([world.lane]);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.countAnswer = promise;
    await world.budget.heard('account', true);
    await world.clock.advance(1_000);
    // A claim that began before comes to its end.
    world.lane.buffered.push(claimed());
    resolve();
    await world.clock.advance(1_000);
    expect([world.lane.share, world.recorded]).toEqual([5, 5]);
  });

  test('are given up later where the database cannot be told', async () => {
    await using world = new BudgetWorld();
    await world.budget.secure([world.lane]);
    world.failure = fails();
    await world.clock.advance(1_000);
    expect([world.lane.share, world.recorded]).toEqual([0, MAX_CONNECTIONS]);
    await world.clock.advance(1_000);
    expect(world.recorded).toBe(0);
  });
});

describe('a lane without connections', () => {
  test('gets some once others have left any', async () => {
    await using world = new BudgetWorld();
    world.taken = MAX_CONNECTIONS;
    expect(await world.budget.secure([world.lane])).toEqual([world.lane]);
    world.taken = 6;
    await world.clock.advance(1_000);
    expect([world.more, world.lane.share]).toEqual([[world.lane], 4]);
  });

  test('gets some although the database could not be asked', async () => {
    await using world = new BudgetWorld();
    world.failure = fails();
    await expect(world.budget.secure([world.lane])).rejects.toThrow('the connection broke');
    await world.clock.advance(1_000);
    expect([world.more, world.lane.share]).toEqual([[world.lane], MAX_CONNECTIONS]);
  });

  test('whose others were taken for dead waits for new ones', async () => {
    await using world = new BudgetWorld();
    world.taken = 6;
    await world.budget.secure([world.lane]);
    // All are in use, and meanwhile others took those that the database had of this one.
    world.open = 4;
    world.lane.running = world.lane.capacity;
    world.taken = MAX_CONNECTIONS;
    await world.clock.advance(1_000);
    expect(world.lane.share).toBe(0);
    world.taken = 6;
    await world.clock.advance(1_000);
    expect(world.lane.share).toBe(4);
  });
});
