// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import { silentLog } from '../observability/log.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { AccountHealth, type AccountHealthServices, pauseMs } from './account-health.ts';

const SETTINGS = { accountPauseMs: 1_000, accountPauseMaxMs: 5_000 };
const ACCOUNT = { pk: 'pk', tenantId: 'acme', id: 'main' };
const REASON = { stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'wrong password' };

type Stored = NonNullable<Awaited<ReturnType<AccountHealthServices['pauses']['get']>>>;

/** What a person does has tests of its own, with the store. */
const unused = (): Promise<never> => Promise.reject(new Error('nobody pauses by hand here'));

/** The health of an account over pauses that are kept in a map. */
function setUp() {
  const clock = new VirtualClock();
  const stored = new Map<string, Stored>();
  const told: string[] = [];
  const world = { clock, stored, told, fault: null as Error | null }; // typed for what the tests put there
  const health = new AccountHealth({
    clock,
    log: silentLog,
    settings: SETTINGS,
    pauses: {
      async pause({ pk }, reason, { now, until }) {
        if (world.fault !== null) throw world.fault;
        const failures = (stored.get(pk)?.failures ?? 0) + 1;
        const pause = {
          accountPk: pk,
          since: stored.get(pk)?.since ?? now,
          until: until(failures),
          failures,
          reason,
          isByHand: false,
        };
        stored.set(pk, pause);
        return pause;
      },
      resume: async ({ pk }) => stored.delete(pk),
      get: async (pk) => stored.get(pk) ?? null,
      pauseByHand: unused,
      endOver: unused,
      listOver: unused,
    },
    onPaused: async ({ id }) => void told.push(`${id} paused`),
    onStopped: unused,
    onResumed: async ({ id }) => void told.push(`${id} resumed`),
  });
  return { ...world, world, health };
}

describe('an account that fails', () => {
  test('is paused with the reason, and the lane is told', async () => {
    const { health, stored, clock, told } = setUp();
    await health.failed(ACCOUNT, REASON);
    expect(stored.get('pk')).toMatchObject({ until: clock.now() + 1_000, failures: 1, reason: REASON });
    expect(told).toEqual(['main paused']);
  });

  test('is paused once, however many messages were under way', async () => {
    const { health, stored, clock, told } = setUp();
    await Promise.all(Array.from({ length: 5 }, () => health.failed(ACCOUNT, REASON)));
    await clock.advance(500);
    await health.failed(ACCOUNT, REASON);
    expect(stored.get('pk')?.failures).toBe(1);
    expect(told).toEqual(['main paused']);
  });

  test('is paused twice as long with each probe that fails, up to the limit', async () => {
    const { health, stored, clock } = setUp();
    const lengths: number[] = [];
    for (let n = 0; n < 5; n++) {
      await health.failed(ACCOUNT, REASON);
      const length = (stored.get('pk')?.until ?? 0) - clock.now();
      lengths.push(length);
      await clock.advance(length);
    }
    expect(lengths).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  test('is paused for as long as the failure says, where it does, and rests until then', async () => {
    const { health, stored, clock } = setUp();
    await health.failed(ACCOUNT, REASON, 15_000);
    expect(stored.get('pk')?.until).toBe(clock.now() + 15_000);
    await clock.advance(14_999);
    expect(health.isResting('pk')).toBe(true);
    await clock.advance(1);
    expect(health.isResting('pk')).toBe(false);
  });

  test('is paused anew when another instance had ended the pause', async () => {
    const { health, stored, told } = setUp();
    await health.failed(ACCOUNT, REASON);
    stored.delete('pk');
    await health.failed(ACCOUNT, REASON);
    expect(stored.get('pk')?.failures).toBe(1);
    expect(told).toEqual(['main paused', 'main paused']);
  });

  test('is tried again to be paused when the pause could not be stored', async () => {
    const { health, stored, world } = setUp();
    world.fault = new MailProxyError('database_unavailable');
    await expect(health.failed(ACCOUNT, REASON)).rejects.toThrow(MailProxyError);
    world.fault = null;
    await health.failed(ACCOUNT, REASON);
    expect(stored.has('pk')).toBe(true);
  });
});

describe('mail that was claimed before the account failed', () => {
  test('asks for no connection until the pause is over', async () => {
    const { health, clock } = setUp();
    expect(await health.rests('pk')).toBe(false);
    const failing = health.failed(ACCOUNT, REASON);
    // The pause is not stored yet.
    expect(await health.rests('pk')).toBe(true);
    await failing;
    await clock.advance(999);
    expect(await health.rests('pk')).toBe(true);
    await clock.advance(1);
    expect(await health.rests('pk')).toBe(false);
  });

  test('goes where another instance ended the pause', async () => {
    const { health, stored } = setUp();
    await health.failed(ACCOUNT, REASON);
    stored.delete('pk');
    expect(await health.rests('pk')).toBe(false);
  });

  test('learns of a database that cannot store the pause', async () => {
    const { health, world } = setUp();
    world.fault = new MailProxyError('database_unavailable');
    const failing = health.failed(ACCOUNT, REASON);
    await expect(health.rests('pk')).rejects.toThrow(MailProxyError);
    await expect(failing).rejects.toThrow(MailProxyError);
  });
});

describe('an account that works', () => {
  test('has its pause ended, and the next failure is a first one', async () => {
    const { health, stored, told } = setUp();
    await health.failed(ACCOUNT, REASON);
    await health.works(ACCOUNT);
    expect(stored.size).toBe(0);
    await health.failed(ACCOUNT, REASON);
    expect(stored.get('pk')?.failures).toBe(1);
    expect(told).toEqual(['main paused', 'main resumed', 'main paused']);
  });

  test('opens its lane though another instance ended the pause', async () => {
    const { health, told } = setUp();
    await health.works(ACCOUNT);
    expect(told).toEqual(['main resumed']);
  });
});

test('a pause never gets shorter with failures, and stays between its first length and the limit', () => {
  const lengths = fc.integer({ min: 1, max: 100_000_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      lengths,
      lengths,
      (failures, accountPauseMs, accountPauseMaxMs) => {
        const settings = { accountPauseMs, accountPauseMaxMs };
        const length = pauseMs(failures, settings);
        expect(length).toBeGreaterThanOrEqual(accountPauseMs);
        expect(length).toBeLessThanOrEqual(Math.max(accountPauseMs, accountPauseMaxMs));
        expect(pauseMs(failures + 1, settings)).toBeGreaterThanOrEqual(length);
      },
    ),
  );
});
