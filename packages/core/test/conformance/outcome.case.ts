// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { OnInDoubt } from '../../src/entities/message/message.table.ts';
import { prepareCancel } from '../../src/queue/cancel.ts';
import { HandoffMarks } from '../../src/queue/handoff-marks.ts';
import { prepareRelease } from '../../src/queue/release.ts';
import { createSessionStore } from '../../src/queue/sessions.ts';
import { prepareSettle, type Settlement } from '../../src/queue/settle.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

const SENT: Settlement['recipients'][number] = {
  position: 0,
  state: 'sent',
  attempts: 1,
  stage: 'dot',
  code: 250,
  enhanced: '2.0.0',
  reply: 'queued',
  verdict: null,
};

export function outcomeConformance(open: OpenStore): void {
  describe('outcomes', () => {
    test('settle writes the state, each recipient and the event', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept({ to: ['ann@example.org', 'bob@example.org'] });
      const { session } = await world.claimAll();
      await world.clock.advance(700);
      const recipients = [SENT, { ...SENT, position: 1, state: 'failed' as const, code: 550, verdict: 'recipient' }];
      await prepareSettle(
        world.database,
        world.makePk,
      )(
        world.settlement(pk, session, {
          result: 'partially_sent',
          lastError: 'rcpt: 550',
          recipients,
          event: { type: 'partially_sent', attempt: 1, detail: { reason: 'rcpt: 550' } },
        }),
      );
      const now = world.clock.now();
      expect(await world.message(pk)).toMatchObject({
        state: 'final',
        result: 'partially_sent',
        owner_session: null,
        attempts: 1,
        last_error: 'rcpt: 550',
        updated_at: now,
        final_at: now,
      });
      expect(await world.recipients(pk)).toMatchObject(
        recipients.map((recipient) => ({ ...recipient, updated_at: now })),
      );
      const [event, ...more] = await world.events(pk);
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        type: 'partially_sent',
        at: now,
        attempt: 1,
        seq: null,
        tenant_id: world.tenantId,
      });
      expect(JSON.parse(event?.detail ?? '')).toEqual({ reason: 'rcpt: 550' });
    });

    test('settle as deferred sets the time of the next attempt and leaves the message unowned', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      const retryAt = world.clock.now() + 60_000;
      await prepareSettle(
        world.database,
        world.makePk,
      )(world.settlement(pk, session, { state: 'deferred', result: null, eligibleAt: retryAt }));
      expect(await world.message(pk)).toMatchObject({
        state: 'deferred',
        result: null,
        eligible_at: retryAt,
        owner_session: null,
        final_at: null,
      });
    });

    test.each(['another session', 'an ended session'])('settle by %s is refused and writes nothing', async (who) => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      const before = [await world.message(pk), await world.recipients(pk)];
      if (who === 'an ended session') await world.sessions.end(session, world.clock.now());
      const writer = who === 'another session' ? await world.sessions.start('other', world.clock.now()) : session;
      const settlement = world.settlement(pk, writer, { recipients: [SENT] });
      await expect(prepareSettle(world.database, world.makePk)(settlement)).rejects.toMatchObject({
        code: 'lease_lost',
      });
      expect([await world.message(pk), await world.recipients(pk)]).toEqual(before);
      expect(await world.events(pk)).toEqual([]);
    });

    test('a message is settled once only', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      const settle = prepareSettle(world.database, world.makePk);
      const outcomes = await Promise.allSettled([
        settle(world.settlement(pk, session)),
        settle(world.settlement(pk, session)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await world.events(pk)).toHaveLength(1);
    });

    test.each(['ready', 'deferred'] as const)(
      'cancel ends a message that is %s, with its recipients',
      async (state) => {
        await using world = await createWorld(open);
        const pk = await world.accept({ eligible_at: world.clock.now() + (state === 'ready' ? 0 : 1) });
        expect((await world.message(pk)).state).toBe(state);
        await prepareCancel(world.database, world.makePk)({ pk, tenantId: world.tenantId }, world.clock.now());
        const now = world.clock.now();
        expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'cancelled', final_at: now });
        expect((await world.recipients(pk)).map((recipient) => recipient.state)).toEqual(['cancelled']);
        expect((await world.events(pk)).map(({ type }) => type)).toEqual(['cancelled']);
        expect((await world.claimAll()).pks).toEqual([]);
      },
    );

    test.each(['leased', 'final'])('cancel of a message that is %s is refused with in_flight', async (state) => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      if (state === 'final') await prepareSettle(world.database, world.makePk)(world.settlement(pk, session));
      const before = [await world.message(pk), await world.recipients(pk), await world.events(pk)];
      await expect(
        prepareCancel(world.database, world.makePk)({ pk, tenantId: world.tenantId }, world.clock.now()),
      ).rejects.toMatchObject({ code: 'in_flight' });
      expect([await world.message(pk), await world.recipients(pk), await world.events(pk)]).toEqual(before);
    });

    test('of a claim and a cancel at the same time exactly one wins', async () => {
      await using world = await createWorld(open);
      const cancel = prepareCancel(await world.connect(), world.makePk);
      const accepted = await Promise.all(Array.from({ length: 50 }, () => world.accept()));
      const [cancelled, claimed] = await Promise.all([
        Promise.allSettled(accepted.map((pk) => cancel({ pk, tenantId: world.tenantId }, world.clock.now()))),
        world.claimAll(),
      ]);
      const gone = accepted.filter((_, index) => cancelled[index]?.status === 'fulfilled');
      expect([...gone, ...claimed.pks].sort()).toEqual(accepted.toSorted());
    });

    test('rescue brings back what a dead session held, counted and with an interrupted event', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const before = await world.message(pk);
      const { session: dead } = await world.claimAll();
      await world.clock.advance(60_001);
      const session = await world.sessions.start('other', world.clock.now());
      expect(await world.sessions.findDead(session, world.clock.now() - 60_000)).toEqual([dead]);
      await world.sessions.end(dead, world.clock.now());
      const rescued = await world.sessions.rescue(dead, { now: world.clock.now(), limit: 100 });
      expect(rescued.map((message) => message.pk)).toEqual([pk]);
      const now = world.clock.now();
      expect(await world.message(pk)).toEqual({ ...before, attempts: 1, updated_at: now });
      const events = await world.events(pk);
      expect(events).toMatchObject([{ type: 'interrupted', attempt: 1, at: now }]);
      expect(JSON.parse(events[0]?.detail ?? '')).toMatchObject({ possibleDuplicate: true });
      expect(await world.sessions.findDead(session, now)).toEqual([]);
    });

    describe('a session that dies', () => {
      const REASON = expect.stringContaining('stopped before');
      const ready = { message: { state: 'ready', result: null, units: 2 }, recipients: 'pending', isReady: true };
      const inDoubt = {
        message: { state: 'in_doubt', result: null, units: 0 },
        recipients: 'in_doubt',
        isReady: false,
      };
      const failed = {
        message: { state: 'final', result: 'failed', units: 0, last_error: REASON },
        recipients: 'failed',
        isReady: false,
      };
      const cases = [
        { policy: 'retry', isMarked: false, attempts: 1, event: 'interrupted', end: ready },
        { policy: 'retry', isMarked: true, attempts: 1, event: 'interrupted', end: ready },
        { policy: 'hold', isMarked: false, attempts: 0, event: 'interrupted', end: ready },
        { policy: 'hold', isMarked: true, attempts: 1, event: 'in_doubt', end: inDoubt },
        { policy: 'fail', isMarked: false, attempts: 0, event: 'interrupted', end: ready },
        { policy: 'fail', isMarked: true, attempts: 1, event: 'error', end: failed },
      ] as const;

      test.each(cases)(
        'under $policy, marked as handed over: $isMarked, leaves $event',
        async ({ policy, isMarked, attempts, event, end }) => {
          await using world = await createWorld(open);
          const { pk, dead } = await claimOne(world, policy);
          if (isMarked) await new HandoffMarks(world.database).write({ pk, owner_session: dead }, world.clock.now());
          await world.sessions.end(dead, world.clock.now());
          await world.clock.advance(1_000);
          const now = world.clock.now();
          const rescued = await world.sessions.rescue(dead, { now, limit: 10 });
          expect(rescued).toMatchObject([{ pk, isReady: end.isReady }]);
          expect(await world.message(pk)).toMatchObject({
            ...end.message,
            attempts,
            owner_session: null,
            handed_at: null,
            updated_at: now,
            final_at: end.message.state === 'final' ? now : null,
          });
          const recipients = await world.recipients(pk);
          expect(recipients.map(({ state }) => state)).toEqual([end.recipients, end.recipients]);
          const [told, ...more] = await world.events(pk);
          expect(more).toEqual([]);
          expect(told).toMatchObject({ type: event, attempt: attempts, at: now });
          const isPossible = policy === 'retry' || isMarked;
          const detail: unknown = JSON.parse(told?.detail ?? '');
          expect(detail).toEqual({ reason: REASON, ...(isPossible ? { possibleDuplicate: true } : {}) });
        },
      );

      test('under fail leaves what was sent before as sent: partially_sent', async () => {
        await using world = await createWorld(open);
        const { pk, dead: first } = await claimOne(world, 'fail');
        const settle = prepareSettle(world.database, world.makePk);
        const deferred = { state: 'deferred', result: null, eligibleAt: world.clock.now(), units: 1 } as const;
        await settle(world.settlement(pk, first, { ...deferred, recipients: [SENT] }));
        await prepareRetry(world)(pk);
        const { session: dead } = await world.claimAll();
        await new HandoffMarks(world.database).write({ pk, owner_session: dead }, world.clock.now());
        await world.sessions.end(dead, world.clock.now());
        await world.sessions.rescue(dead, { now: world.clock.now(), limit: 10 });
        expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'partially_sent' });
        expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['sent', 'failed']);
      });

      test.each(cases)(
        'under $policy, marked: $isMarked, counts under the rate limits what may have been sent',
        async ({ policy, isMarked }) => {
          await using world = await createWorld(open);
          await limitPerHour(world, { account: 'recipient', tenant: 'message' });
          const { pk, dead } = await claimOne(world, policy);
          if (isMarked) await new HandoffMarks(world.database).write({ pk, owner_session: dead }, world.clock.now());
          await world.sessions.end(dead, world.clock.now());
          await world.sessions.rescue(dead, { now: world.clock.now(), limit: 10 });
          const mayBeSent = policy === 'retry' || isMarked;
          expect(await usesIn(world)).toEqual(
            mayBeSent
              ? [
                  { scope: `account:${world.accountPk}`, window_ms: 3_600_000, used: 2 },
                  { scope: `tenant:${world.tenantId}`, window_ms: 3_600_000, used: 1 },
                ]
              : [],
          );
        },
      );
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

      test('under retry is written with the outcome of another message, in the same commit', async () => {
        await using world = await createWorld(open);
        const [settled, waiting] = [await world.accept(), await world.accept()];
        const { session } = await world.claimAll();
        const marks = new HandoffMarks(world.database);
        const settle = prepareSettle(world.database, world.makePk, marks);
        const now = world.clock.now();
        for (const pk of [settled, waiting]) marks.note({ pk, owner_session: session }, now);
        const { commits } = world.database.stats;
        await settle(world.settlement(settled, session));
        expect(world.database.stats.commits).toBe(commits + 1);
        expect((await world.message(waiting)).handed_at).toBe(now);
        // Its own outcome made its mark needless.
        expect((await world.message(settled)).handed_at).toBeNull();
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

    test('an outcome in doubt leaves the message in doubt, unowned and without a time', async () => {
      await using world = await createWorld(open);
      const { pk, dead: session } = await claimOne(world, 'hold');
      const before = await world.message(pk);
      const recipients = [{ ...SENT, state: 'in_doubt' as const, code: null, enhanced: null, reply: 'cut' }];
      await prepareSettle(
        world.database,
        world.makePk,
      )(
        world.settlement(pk, session, {
          state: 'in_doubt',
          result: null,
          units: 1,
          recipients,
          event: { type: 'in_doubt', attempt: 1, detail: { possibleDuplicate: true } },
        }),
      );
      expect(await world.message(pk)).toMatchObject({
        state: 'in_doubt',
        result: null,
        units: 1,
        owner_session: null,
        eligible_at: before.eligible_at,
        final_at: null,
      });
      expect((await world.recipients(pk)).map(({ state }) => state)).toEqual(['in_doubt', 'pending']);
      expect((await world.events(pk)).map(({ type }) => type)).toEqual(['in_doubt']);
    });

    test('what was sent is booked with the outcome, and not at all when the outcome is refused', async () => {
      await using world = await createWorld(open);
      const { pk, dead: session } = await claimOne(world, 'retry');
      const settle = prepareSettle(world.database, world.makePk);
      const uses = [{ scope: 'account:x', windowMs: 60_000, at: world.clock.now(), count: 2 }];
      await settle(world.settlement(pk, session, { uses }));
      await expect(settle(world.settlement(pk, session, { uses }))).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await usesIn(world)).toEqual([{ scope: 'account:x', window_ms: 60_000, used: 2 }]);
    });

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

    test('two instances that rescue the same session bring each message back once', async () => {
      await using world = await createWorld(open);
      const accepted = await Promise.all(Array.from({ length: 50 }, () => world.accept()));
      const { session: dead } = await world.claimAll();
      await world.sessions.end(dead, world.clock.now());
      const stores = [world.sessions, createSessionStore(await world.connect(), world.makePk)];
      const options = { now: world.clock.now(), limit: 100 };
      const rescued = (await Promise.all(stores.map((store) => store.rescue(dead, options)))).flat();
      expect(rescued.map(({ pk }) => pk).sort()).toEqual(accepted.toSorted());
      const attempts = new Set((await world.messages()).map((message) => message.attempts));
      expect(attempts).toEqual(new Set([1]));
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

/** Make a deferred message ready. */
function prepareRetry({ database }: World): (pk: string) => Promise<void> {
  const retry = database.prepare<{ pk: string }>((k, p) =>
    k.updateTable('messages').set({ state: 'ready' }).where('pk', '=', p.pk),
  );
  return async (pk) => void (await database.write([retry.bind({ pk })]));
}

async function limitPerHour(
  { database }: World,
  units: { readonly account: 'message' | 'recipient'; readonly tenant: 'message' | 'recipient' },
): Promise<void> {
  const limit = (table: 'accounts' | 'tenants', unit: 'message' | 'recipient') =>
    database.prepare<object>((k) => k.updateTable(table).set({ limit_per_hour: 10, limit_unit: unit })).bind({});
  await database.write([limit('accounts', units.account), limit('tenants', units.tenant)]);
}

async function usesIn({ database }: World) {
  const all = database.prepare<object, { scope: string; window_ms: number; used: number }>((k) =>
    k.selectFrom('rate_uses').select(['scope', 'window_ms', 'used']).orderBy('scope'),
  );
  return database.read(all.bind({}));
}
