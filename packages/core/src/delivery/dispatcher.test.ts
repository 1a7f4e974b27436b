// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import { DispatchWorld, startsOf } from './dispatch-world.case.ts';

/** All normal slots are taken as long as the accounts have mail. */
const SATURATED = { maxSends: 10, reservedImmediate: 1 };

describe('turns', () => {
  test('two accounts with a backlog start alike often', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (const pk of ['a', 'b']) world.addAccount(pk);
    world.accept('a', 500);
    await world.idle();
    world.accept('b', 500);
    await world.endOldest(200);
    const before = world.started.length;
    await world.endOldest(200);
    expect(startsOf(world.started.slice(before))).toEqual({ a: 100, b: 100 });
  });

  test.each([
    { reserved: 0, capacity: 100 },
    { reserved: 1, capacity: 100 },
    { reserved: 5, capacity: 100 },
    { reserved: 1, capacity: 9 },
    { reserved: 5, capacity: 5 },
  ])('a tenant of weight 3 starts three times as often; %o', async ({ reserved, capacity }) => {
    await using world = new DispatchWorld({ maxSends: 10, reservedImmediate: reserved });
    world.addAccount('heavy', { capacity, tenantWeight: 3 });
    world.addAccount('light', { capacity });
    for (const pk of ['heavy', 'light']) world.accept(pk, 1_000);
    await world.endOldest(100);
    const before = world.started.length;
    await world.endOldest(400);
    expect(startsOf(world.started.slice(before))).toEqual({ heavy: 300, light: 100 });
  });

  test('an account of weight 3 starts three times as often as another of its tenant', async () => {
    await using world = new DispatchWorld(SATURATED);
    world.addAccount('heavy', { capacity: 100, weight: 3, tenantId: 'acme' });
    world.addAccount('light', { capacity: 100, tenantId: 'acme' });
    for (const pk of ['heavy', 'light']) world.accept(pk, 1_000);
    await world.endOldest(100);
    const before = world.started.length;
    await world.endOldest(400);
    expect(startsOf(world.started.slice(before))).toEqual({ heavy: 300, light: 100 });
  });

  test('a tenant of a thousand accounts does not delay a tenant of one', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (let n = 0; n < 1_000; n++) {
      world.addAccount(`big${n}`, { tenantId: 'big' });
      world.accept(`big${n}`, 1);
    }
    world.addAccount('small');
    await world.idle();
    world.accept('small', 1);
    await world.endOldest(2 * SATURATED.maxSends);
    expect(world.started.map(({ account_pk }) => account_pk)).toContain('small');
  });

  test('a backlog of immediate messages does not delay another tenant, and is not taken into memory', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (const pk of ['urgent', 'other']) world.addAccount(pk);
    world.accept('urgent', 1_000, { priority: 0 });
    await world.idle();
    const { running, buffered } = world.dispatcher.load;
    expect(running).toBe(2);
    expect(buffered).toBeLessThanOrEqual(2 * SATURATED.maxSends);
    // Nothing of the urgent ones ends: its relay may be slow.
    world.accept('other', 100);
    await world.endOldestOf('other', 99);
    expect(startsOf(world.started)).toEqual({ urgent: 2, other: 100 });
    await world.endOldest(999);
    expect(world.waiting).toEqual([]);
  });

  test('immediate messages of many accounts each find a slot beside a backlog of immediate ones', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (const pk of ['urgent', 'a', 'b', 'c']) world.addAccount(pk);
    world.accept('urgent', 1_000, { priority: 0 });
    await world.idle();
    for (const pk of ['a', 'b', 'c']) world.accept(pk, 1, { priority: 0 });
    await world.idle();
    expect(startsOf(world.started)).toEqual({ urgent: 2, a: 1, b: 1, c: 1 });
  });

  test('a backlog of immediate messages does not hold up the normal ones of its own account', async () => {
    await using world = new DispatchWorld(SATURATED);
    world.addAccount('a', { capacity: 4 });
    world.accept('a', 2);
    world.accept('a', 6, { priority: 0 });
    await world.idle();
    expect(world.started.map(({ priority }) => priority)).toEqual([0, 0, 2, 2]);
  });
});

describe('a message that is about to be ready', () => {
  test('is claimed for an account that has little to do', async () => {
    await using world = new DispatchWorld({ maxSends: 50 });
    world.addAccount('a', { capacity: 4 });
    world.accept('a', 1);
    await world.idle();
    world.accept('a', 1, { tells: 'expects' });
    world.accept('a', 1, { priority: 0, tells: 'expects' });
    await world.idle();
    expect(startsOf(world.started)).toEqual({ a: 3 });
  });

  test('waits until it is announced where its account has enough in hand, or is not known yet', async () => {
    await using world = new DispatchWorld({ maxSends: 50 });
    for (const pk of ['busy', 'new']) world.addAccount(pk, { capacity: 2 });
    world.accept('busy', 4);
    await world.idle();
    world.accept('new', 1, { tells: 'expects' });
    await world.idle();
    expect(world.waiting).toEqual(['new-000005']);
    world.accept('busy', 1, { tells: 'expects' });
    await world.idle();
    expect(world.waiting).toEqual(['busy-000006', 'new-000005']);
    world.dispatcher.lookAround();
    await world.endOldestOf('busy', 2);
    expect(startsOf(world.started)).toMatchObject({ new: 1 });
  });
});

describe('slots', () => {
  test('what is claimed ahead is bounded, and each account has its own limit of sends', async () => {
    await using world = new DispatchWorld({ maxSends: 50 });
    world.addAccount('narrow', { capacity: 3 });
    world.accept('narrow', 1_000);
    await world.idle();
    expect(world.dispatcher.load).toEqual({ running: 3, buffered: 3 });
    world.addAccount('wide', { capacity: 1_000 });
    world.accept('wide', 1_000);
    await world.idle();
    expect(world.dispatcher.load.running).toBe(45);
    expect(world.dispatcher.load.running + world.dispatcher.load.buffered).toBeLessThanOrEqual(100);
  });

  test('an immediate message starts though all normal slots are taken', async () => {
    await using world = new DispatchWorld(SATURATED);
    world.addAccount('a', { capacity: 100 });
    world.accept('a', 100, { priority: 3 });
    await world.idle();
    expect(world.dispatcher.load.running).toBe(9);
    world.accept('a', 1, { priority: 0 });
    await world.idle();
    expect(world.started.at(-1)?.priority).toBe(0);
    expect(world.dispatcher.load.running).toBe(10);
  });

  test('a lane begins in the order of its ranks', async () => {
    await using world = new DispatchWorld({ maxSends: 50 });
    world.addAccount('a', { capacity: 1 });
    world.accept('a', 1, { priority: 3 });
    await world.idle();
    world.accept('a', 1, { priority: 3 });
    world.accept('a', 1, { priority: 1 });
    world.accept('a', 1, { priority: 2 });
    await world.idle();
    await world.endOldest(3);
    expect(world.started.map(({ priority }) => priority)).toEqual([3, 1, 2, 3]);
  });

  test('a failed claim is tried again', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a');
    world.claimError = new MailProxyError('database_unavailable');
    world.accept('a', 1);
    await world.idle();
    expect(world.running).toEqual([]);
    await world.clock.advance(1_000);
    expect(world.running).toHaveLength(1);
  });
});

describe('what may not be sent', () => {
  test('lies in the queue untouched while the lane is closed, and goes when it opens', async () => {
    await using world = new DispatchWorld();
    const account = world.addAccount('a');
    account.gates = [{ kind: 'tenant_suspended', scope: 'tenant', until: null }];
    await world.dispatcher.tenantChanged('a');
    world.accept('a', 3);
    await world.idle();
    await world.dispatcher.tenantChanged('a');
    expect(world.waiting).toHaveLength(3);
    account.gates = [];
    await world.dispatcher.tenantChanged('a');
    await world.idle();
    expect(world.running).toHaveLength(3);
  });

  test('is given back when the operator stops all sending, and goes on when he resumes', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 2 });
    world.accept('a', 10);
    await world.idle();
    world.dispatcher.pausedChanged(true);
    await world.idle();
    expect(world.dispatcher.load).toEqual({ running: 0, buffered: 0 });
    expect(world.waiting).toHaveLength(10);
    world.dispatcher.pausedChanged(false);
    await world.endOldest(10);
    expect(world.waiting).toEqual([]);
  });

  test('of what was claimed only the messages that match are given back', async () => {
    await using world = new DispatchWorld();
    for (const pk of ['a', 'b']) world.addAccount(pk, { capacity: 1 });
    for (const pk of ['a', 'b']) world.accept(pk, 2);
    await world.idle();
    world.account('a').gates = [{ kind: 'tenant_suspended', scope: 'tenant', until: null }];
    world.dispatcher.drop(({ tenant_id }) => tenant_id === 'a');
    await world.idle();
    expect(world.waiting.map((pk) => pk.charAt(0))).toEqual(['a', 'a']);
    expect(world.dispatcher.load).toEqual({ running: 1, buffered: 1 });
  });

  test.each([
    ['a tenant', (world: DispatchWorld) => world.dispatcher.drop(({ tenant_id }) => tenant_id === 'a')],
    ['all sending', (world: DispatchWorld) => world.dispatcher.pausedChanged(true)],
    ['a closed lane', (world: DispatchWorld) => world.dispatcher.tenantChanged('a')],
  ] as const)('is given back where it was being claimed when it was stopped: %s', async (_, stop) => {
    await using world = new DispatchWorld();
    const account = world.addAccount('a');
    const answer = Promise.withResolvers<void>();
    using _answer = { [Symbol.dispose]: answer.resolve };
    world.claimAnswer = answer.promise;
    world.accept('a', 3);
    await world.idle();
    expect(world.waiting).toEqual([]);
    // The claim was before it, so that it did not meet this yet.
    account.gates = [{ kind: 'tenant_suspended', scope: 'tenant', until: null }];
    const stopping = stop(world);
    answer.resolve();
    await stopping;
    await world.idle();
    expect(world.waiting).toHaveLength(3);
    expect(world.started).toEqual([]);
  });

  test('comes back with the message that was not sent, at its old place', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 1 });
    world.accept('a', 3);
    await world.idle();
    const [first = ''] = world.running;
    await world.end(first, 'unsent');
    await world.endOldest(3);
    expect(world.started.filter(({ pk }) => pk === first)).toHaveLength(2);
    expect(world.waiting).toEqual([]);
  });

  test('is given back at the end, and what runs is waited for', async () => {
    const world = new DispatchWorld();
    world.addAccount('a', { capacity: 3 });
    world.accept('a', 10);
    await world.idle();
    await world.stop();
    expect(world.started).toHaveLength(3);
    expect(world.waiting).toHaveLength(7);
  });
});

test('a lane without connections is not claimed from until it has some, and holds no other up', async () => {
  await using world = new DispatchWorld();
  world.addAccount('poor');
  world.addAccount('rich');
  world.withoutConnections.add('poor');
  world.accept('poor', 3);
  world.accept('rich', 3);
  await world.idle();
  expect(startsOf(world.started)).toEqual({ rich: 3 });
  expect(world.waiting).toHaveLength(3);
  world.gotConnections('poor');
  await world.idle();
  expect(startsOf(world.started)).toEqual({ rich: 3, poor: 3 });
});

describe('a paused account', () => {
  test('is probed with one message once its pause is over, and sends all when that gets through', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 5 });
    world.accept('a', 10);
    await world.idle();
    world.pauses.set('a', world.clock.now() + 60_000);
    await world.dispatcher.accountPaused('a');
    for (const pk of world.running) await world.end(pk, 'unsent');
    await world.idle();
    expect(world.waiting).toHaveLength(10);
    const before = world.started.length;
    await world.clock.advance(60_000);
    expect(world.started.length - before).toBe(1);
    expect(world.dispatcher.isOnProbe('a')).toBe(true);
    world.pauses.delete('a');
    await world.dispatcher.accountResumed('a');
    await world.idle();
    expect(world.dispatcher.isOnProbe('a')).toBe(false);
    expect(world.running).toHaveLength(5);
    await world.endOldest(10);
    expect(world.waiting).toEqual([]);
  });

  test('whose probe took longer than a pause sends all at once when that gets through', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 5 });
    world.pauses.set('a', world.clock.now() + 60_000);
    await world.dispatcher.accountPaused('a');
    world.accept('a', 10);
    await world.clock.advance(60_000);
    expect(world.started).toHaveLength(1);
    // The right to probe ends, and the lane stands open again; one more probe would be one login too many.
    await world.clock.advance(world.settings.accountPauseMs);
    expect(world.started).toHaveLength(1);
    world.pauses.delete('a');
    await world.dispatcher.accountResumed('a');
    await world.idle();
    expect(world.running).toHaveLength(5);
    await world.endOldest(10);
    expect(world.waiting).toEqual([]);
  });

  test('costs one attempt a pause', async () => {
    await using world = new DispatchWorld();
    world.addAccount('a', { capacity: 5 });
    world.pauses.set('a', world.clock.now() + 60_000);
    await world.dispatcher.accountPaused('a');
    world.accept('a', 10);
    await world.idle();
    for (let probe = 1; probe <= 3; probe++) {
      await world.clock.advance(60_000);
      expect(world.started).toHaveLength(probe);
      world.pauses.set('a', world.clock.now() + 60_000);
      await world.dispatcher.accountPaused('a');
      for (const pk of world.running) await world.end(pk, 'unsent');
    }
  });
});

describe('a lane over its limit', () => {
  const limits = {
    account: { perMinute: 1, perHour: null, perDay: null, unit: 'message' as const },
    tenant: { perMinute: null, perHour: null, perDay: null, unit: 'message' as const },
  };

  test('waits for its time, and its messages are told of as limited', async () => {
    await using world = new DispatchWorld();
    const account = world.addAccount('a', { limits });
    const until = world.clock.now() + 60_000;
    account.gates = [{ kind: 'rate_limited', scope: 'account', windowMs: 60_000, limit: 1, until, isSpent: true }];
    await world.dispatcher.accountChanged('a');
    world.quota = 0;
    world.accept('a', 2);
    await world.clock.advance(30_000);
    expect(world.waiting).toHaveLength(2);
    world.quota = null;
    account.gates = [];
    await world.clock.advance(30_000);
    expect(world.running).toHaveLength(2);
    expect(world.limited).toHaveLength(2);
  });

  test('has its mail failed where the account rejects', async () => {
    await using world = new DispatchWorld();
    const account = world.addAccount('a', { limits, limitBehavior: 'reject' });
    world.accept('a', 1);
    await world.idle();
    const until = world.clock.now() + 60_000;
    account.gates = [{ kind: 'rate_limited', scope: 'account', windowMs: 60_000, limit: 1, until, isSpent: true }];
    await world.dispatcher.accountChanged('a');
    world.accept('a', 150);
    await world.idle();
    expect(world.rejected).toHaveLength(150);
    expect(world.running).toHaveLength(1);
  });

  test('has none failed while only messages in flight fill the limit', async () => {
    await using world = new DispatchWorld();
    const account = world.addAccount('a', { limits, limitBehavior: 'reject' });
    world.accept('a', 1);
    await world.idle();
    const gate = { kind: 'rate_limited', scope: 'account', windowMs: 60_000, limit: 1 } as const;
    account.gates = [{ ...gate, until: world.clock.now() + 250, isSpent: false }];
    await world.dispatcher.accountChanged('a');
    world.accept('a', 3);
    await world.idle();
    expect(world.rejected).toEqual([]);
    account.gates = [{ ...gate, until: world.clock.now() + 60_000, isSpent: true }];
    await world.clock.advance(250);
    await world.idle();
    expect(world.rejected).toHaveLength(3);
  });
});

test('many lanes with nothing to claim hide none that has something', async () => {
  await using world = new DispatchWorld();
  for (let n = 0; n < 300; n++) {
    world.addAccount(`empty${n}`);
    world.accept(`empty${n}`, 0);
  }
  world.addAccount('full');
  world.accept('full', 1);
  await world.idle();
  expect(world.running).toHaveLength(1);
});

describe('a host that answers nothing', () => {
  test('costs others two seconds, though its accounts took all slots', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (let n = 0; n < 5; n++) {
      world.addAccount(`dead${n}`, { host: 'dead:25' });
      world.accept(`dead${n}`, 100);
    }
    await world.idle();
    world.addAccount('alive');
    world.accept('alive', 100);
    await world.idle();
    expect(startsOf(world.started)).not.toHaveProperty('alive');
    await world.clock.advance(2_001);
    await world.endOldestOf('alive', 99);
    expect(startsOf(world.started)).toMatchObject({ alive: 100 });
  });

  test('costs others no more, however many accounts lead to it', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (let n = 0; n < 300; n++) {
      world.addAccount(`dead${n}`, { host: 'dead:25' });
      world.accept(`dead${n}`, 10);
    }
    await world.clock.advance(2_001);
    world.addAccount('alive');
    world.accept('alive', 100);
    await world.idle();
    await world.endOldestOf('alive', 99);
    expect(startsOf(world.started)).toMatchObject({ alive: 100 });
    const { running, buffered } = world.dispatcher.load;
    expect(running + buffered).toBeLessThanOrEqual(4 * SATURATED.maxSends);
  });

  test('gets all its mail sent once it is back', async () => {
    await using world = new DispatchWorld(SATURATED);
    const accounts = Array.from({ length: 30 }, (_, n) => `back${n}`);
    for (const pk of accounts) {
      world.addAccount(pk, { host: 'back:25' });
      world.accept(pk, 10);
    }
    await world.clock.advance(2_001);
    while (world.running.length > 0) {
      for (const pk of accounts) world.dispatcher.pathTried(pk, true);
      await world.endOldest(1);
    }
    expect(world.started).toHaveLength(300);
    expect(world.waiting).toEqual([]);
  });

  test('is tried with a fifth of the slots once three attempts failed, until one gets through', async () => {
    await using world = new DispatchWorld(SATURATED);
    const accounts = Array.from({ length: 5 }, (_, n) => `dead${n}`);
    for (const pk of accounts) {
      world.addAccount(pk, { host: 'dead:25' });
      world.accept(pk, 100);
    }
    await world.idle();
    expect(world.running).toHaveLength(9);
    const fail = async (): Promise<void> => {
      const [oldest = ''] = world.running;
      world.dispatcher.pathTried(oldest.replace(/-.*/, ''), false);
      await world.end(oldest);
    };
    for (let n = 0; n < 20; n++) await fail();
    expect(world.running).toHaveLength(2);
    world.dispatcher.pathTried('dead0', true);
    await world.endOldest(1);
    expect(world.running).toHaveLength(9);
  });

  test('holds nobody up who left it: an account whose relay was changed sends at once', async () => {
    await using world = new DispatchWorld(SATURATED);
    for (let n = 0; n < 30; n++) {
      world.addAccount(`dead${n}`, { host: 'dead:25' });
      world.accept(`dead${n}`, 10);
    }
    await world.clock.advance(2_001);
    const before = world.started.length;
    world.addAccount('dead29', { host: 'alive:25' });
    await world.dispatcher.accountChanged('dead29');
    await world.idle();
    expect(startsOf(world.started.slice(before))).toHaveProperty('dead29');
  });
});
