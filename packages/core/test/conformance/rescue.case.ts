// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { OnInDoubt } from '../../src/entities/message/message.table.ts';
import { HandoffMarks } from '../../src/queue/handoff-marks.ts';
import { prepareRelease } from '../../src/queue/release.ts';
import { createSessionStore } from '../../src/queue/sessions.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import { laneLimits, storeLimits, usesIn } from './rate-world.case.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

const HOUR_MS = 3_600_000;

export function rescueConformance(open: OpenStore): void {
  describe('a session that dies', () => {
    const REASON = expect.stringContaining('stopped before');
    const ready = {
      message: { state: 'ready', result: null, units: 2 },
      recipient: { state: 'pending' },
      isReady: true,
    };
    const inDoubt = {
      message: { state: 'in_doubt', result: null, units: 0, last_error: REASON },
      recipient: { state: 'in_doubt', reply: REASON },
      isReady: false,
    };
    const failed = {
      message: { state: 'final', result: 'failed', units: 0, last_error: REASON },
      recipient: { state: 'failed', reply: REASON },
      isReady: false,
    };

    test.each([
      { policy: 'retry', isMarked: false, attempts: 1, event: 'interrupted', end: ready },
      { policy: 'retry', isMarked: true, attempts: 1, event: 'interrupted', end: ready },
      { policy: 'hold', isMarked: false, attempts: 0, event: 'interrupted', end: ready },
      { policy: 'hold', isMarked: true, attempts: 1, event: 'in_doubt', end: inDoubt },
      { policy: 'fail', isMarked: false, attempts: 0, event: 'interrupted', end: ready },
      { policy: 'fail', isMarked: true, attempts: 1, event: 'error', end: failed },
    ] as const)(
      'under $policy, handed over: $isMarked, leaves $event, and what may have been sent counts under the rate limits',
      async ({ policy, isMarked, attempts, event, end }) => {
        await using world = await createWorld(open);
        const limits = { account: { perHour: 10, unit: 'recipient' }, tenant: { perHour: 10 } } as const;
        await storeLimits(world.database, world, laneLimits(limits));
        const { pk, dead } = await claimOne(world, policy);
        if (isMarked) await new HandoffMarks(world.database).write({ pk, owner_session: dead }, world.clock.now());
        await world.sessions.end(dead, world.clock.now());
        await world.clock.advance(1_000);
        const now = world.clock.now();
        expect(await world.sessions.rescue(dead, { now, limit: 10 })).toMatchObject([{ pk, isReady: end.isReady }]);
        expect(await world.message(pk)).toMatchObject({
          ...end.message,
          attempts,
          owner_session: null,
          handed_at: null,
          updated_at: now,
          final_at: end.message.state === 'final' ? now : null,
        });
        // What counts as an attempt counts for the recipients, by whom the retry policy goes.
        const recipient = { ...end.recipient, attempts };
        expect(await world.recipients(pk)).toMatchObject([recipient, recipient]);
        const [told, ...more] = await world.events(pk);
        expect(more).toEqual([]);
        expect(told).toMatchObject({ type: event, attempt: attempts, at: now });
        const mayBeSent = policy === 'retry' || isMarked;
        expect(JSON.parse(told?.detail ?? '')).toEqual({
          reason: REASON,
          ...(mayBeSent ? { possibleDuplicate: true } : {}),
        });
        const booked = [
          { scope: `account:${world.accountPk}`, window_ms: HOUR_MS, used: 2 },
          { scope: `tenant:${world.tenantId}`, window_ms: HOUR_MS, used: 1 },
        ];
        expect(await usesIn(world.database)).toEqual(mayBeSent ? booked : []);
      },
    );

    test('gives its messages back where they stood, once its heartbeat is too old, and is then found no more', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const before = await world.message(pk);
      const { session: dead } = await world.claimAll();
      await world.clock.advance(60_001);
      const session = await world.sessions.start('other', world.clock.now());
      expect(await world.sessions.findDead(session, world.clock.now() - 60_000)).toEqual([dead]);
      await world.sessions.end(dead, world.clock.now());
      await world.sessions.rescue(dead, { now: world.clock.now(), limit: 100 });
      const now = world.clock.now();
      expect(await world.message(pk)).toEqual({ ...before, attempts: 1, updated_at: now });
      expect(await world.sessions.findDead(session, now)).toEqual([]);
    });

    test('under fail leaves what was sent before as sent: partially_sent', async () => {
      await using world = await createWorld(open);
      const { pk, dead: first } = await claimOne(world, 'fail');
      const settle = prepareSettle(world.database, world.makePk);
      const again = { state: 'ready', result: null, units: 1 } as const;
      const sent = { position: 0, state: 'sent', attempts: 1, code: 250, enhanced: null, verdict: null } as const;
      await settle(world.settlement(pk, first, { ...again, recipients: [{ ...sent, stage: 'dot', reply: 'queued' }] }));
      const { session: dead } = await world.claimAll();
      await new HandoffMarks(world.database).write({ pk, owner_session: dead }, world.clock.now());
      await world.sessions.end(dead, world.clock.now());
      await world.sessions.rescue(dead, { now: world.clock.now(), limit: 10 });
      expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'partially_sent' });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'failed']);
    });

    test('is rescued by two instances at once, and each message comes back once', async () => {
      await using world = await createWorld(open);
      await storeLimits(world.database, world, laneLimits({ account: { perHour: 1_000 } }));
      const accepted = await Promise.all(Array.from({ length: 50 }, () => world.accept()));
      const { session: dead } = await world.claimAll();
      await world.sessions.end(dead, world.clock.now());
      const stores = [world.sessions, createSessionStore(await world.connect(), world.makePk)];
      const options = { now: world.clock.now(), limit: 100 };
      const rescued = (await Promise.all(stores.map((store) => store.rescue(dead, options)))).flat();
      expect(rescued.map(({ pk }) => pk).sort()).toEqual(accepted.toSorted());
      const attempts = new Set((await world.messages()).map((message) => message.attempts));
      expect(attempts).toEqual(new Set([1]));
      expect(await usesIn(world.database)).toMatchObject([{ used: accepted.length }]);
    });

    test('is rescued in steps, no more than asked for in each', async () => {
      await using world = await createWorld(open);
      const accepted = await Promise.all(Array.from({ length: 5 }, () => world.accept()));
      const { session: dead } = await world.claimAll();
      await world.sessions.end(dead, world.clock.now());
      const steps: string[][] = [];
      for (let step = 0; step < 4; step++) {
        const rescued = await world.sessions.rescue(dead, { now: world.clock.now(), limit: 2 });
        steps.push(rescued.map(({ pk }) => pk));
      }
      expect(steps.map((pks) => pks.length)).toEqual([2, 2, 1, 0]);
      expect(steps.flat().sort()).toEqual(accepted.toSorted());
    });
  });

  describe('the mark of a hand-over', () => {
    test('is refused with lease_lost once the session has ended, and nothing is marked', async () => {
      await using world = await createWorld(open);
      const { pk, dead } = await claimOne(world, 'hold');
      await world.sessions.end(dead, world.clock.now());
      const marks = new HandoffMarks(world.database);
      await expect(marks.write({ pk, owner_session: dead }, world.clock.now())).rejects.toMatchObject({
        code: 'lease_lost',
      });
      expect((await world.message(pk)).handed_at).toBeNull();
    });

    test('under retry costs no commit: it is written with the outcome of another message', async () => {
      await using world = await createWorld(open);
      const [settled, waiting] = [await world.accept(), await world.accept()];
      const { session } = await world.claimAll();
      const marks = new HandoffMarks(world.database);
      const settle = prepareSettle(world.database, world.makePk, { marks });
      const now = world.clock.now();
      const { commits } = world.database.stats;
      for (const pk of [settled, waiting]) marks.note({ pk, owner_session: session }, now);
      await settle(world.settlement(settled, session));
      expect(world.database.stats.commits).toBe(commits + 1);
      expect((await world.message(waiting)).handed_at).toBe(now);
      // Its own outcome made its mark needless.
      expect((await world.message(settled)).handed_at).toBeNull();
      expect(marks.take()).toEqual([]);
    });

    test('under retry is never written when the own outcome comes first, and one that comes too late harms nobody', async () => {
      await using world = await createWorld(open);
      const [quick, late, next] = [await world.accept(), await world.accept(), await world.accept()];
      const { session } = await world.claimAll();
      const marks = new HandoffMarks(world.database);
      const settle = prepareSettle(world.database, world.makePk, { marks });
      marks.note({ pk: quick, owner_session: session }, world.clock.now());
      const { units } = world.database.stats;
      await settle(world.settlement(quick, session));
      expect(world.database.stats.units).toBe(units + 1);
      marks.note({ pk: late, owner_session: session }, world.clock.now());
      await prepareRelease(world.database)([{ pk: late, owner_session: session }], world.clock.now());
      await settle(world.settlement(next, session));
      expect(await world.message(late)).toMatchObject({ state: 'ready', handed_at: null });
      expect(await world.message(next)).toMatchObject({ state: 'final', result: 'sent' });
    });

    test.each(['settled', 'given back'])('is gone when the message is %s', async (how) => {
      await using world = await createWorld(open);
      const { pk, dead: session } = await claimOne(world, 'hold');
      await new HandoffMarks(world.database).write({ pk, owner_session: session }, world.clock.now());
      expect((await world.message(pk)).handed_at).toBe(world.clock.now());
      if (how === 'given back') {
        await prepareRelease(world.database)([{ pk, owner_session: session }], world.clock.now());
      } else {
        const changes = { state: 'deferred', result: null, eligibleAt: world.clock.now(), units: 2 } as const;
        await prepareSettle(world.database, world.makePk)(world.settlement(pk, session, changes));
      }
      expect((await world.message(pk)).handed_at).toBeNull();
    });
  });

  describe('sessions', () => {
    test('a session that lives is not found dead, nor is one that holds nothing', async () => {
      await using world = await createWorld(open);
      await world.accept();
      const { session: holder } = await world.claimAll();
      const idle = await world.sessions.start('idle', world.clock.now());
      await world.sessions.end(idle, world.clock.now());
      await world.clock.advance(60_000);
      await world.sessions.heartbeat(holder, world.clock.now());
      const watcher = await world.sessions.start('watcher', world.clock.now());
      expect(await world.sessions.findDead(watcher, world.clock.now() - 1)).toEqual([]);
    });

    test('the heartbeat of a session that was ended is refused with lease_lost', async () => {
      await using world = await createWorld(open);
      const session = await world.sessions.start('test', world.clock.now());
      await world.sessions.heartbeat(session, world.clock.now());
      await world.sessions.end(session, world.clock.now());
      await expect(world.sessions.heartbeat(session, world.clock.now())).rejects.toMatchObject({ code: 'lease_lost' });
    });

    test('numbers of sessions rise', async () => {
      await using world = await createWorld(open);
      const numbers: number[] = [];
      for (let round = 0; round < 3; round++) numbers.push(await world.sessions.start('test', world.clock.now()));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(new Set(numbers).size).toBe(3);
    });
  });
}

/** A message to two, claimed by a session that is about to die. */
async function claimOne(world: World, on_in_doubt: OnInDoubt): Promise<{ readonly pk: string; readonly dead: number }> {
  const pk = await world.accept({ to: ['ann@example.org', 'bob@example.org'], on_in_doubt });
  const { session: dead } = await world.claimAll();
  return { pk, dead };
}
