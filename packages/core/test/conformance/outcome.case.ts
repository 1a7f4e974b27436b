// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { prepareCancel } from '../../src/queue/cancel.ts';
import { prepareSettle, type Settlement } from '../../src/queue/settle.ts';
import { usesIn } from './rate-world.case.ts';
import { createWorld, type OpenStore } from './store-world.case.ts';

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

    test('settle keeps what an earlier attempt learnt of a recipient that this one did not try', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept();
      const settle = prepareSettle(world.database, world.makePk);
      const busy = { ...SENT, state: 'pending' as const, stage: 'rcpt', code: 450, enhanced: '4.2.1', reply: 'busy' };
      const untried = { position: 0, attempts: 1, stage: null, code: null, enhanced: null, reply: null, verdict: null };
      for (const recipients of [[busy], [{ ...untried, state: 'expired' as const }]]) {
        const { session } = await world.claimAll();
        await settle(world.settlement(pk, session, { state: 'ready', result: null, recipients }));
      }
      expect(await world.recipients(pk)).toMatchObject([{ ...busy, state: 'expired', attempts: 1 }]);
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

    test('an outcome in doubt leaves the message in doubt, unowned and without a time', async () => {
      await using world = await createWorld(open);
      const pk = await world.accept({ to: ['ann@example.org', 'bob@example.org'], on_in_doubt: 'hold' });
      const { session } = await world.claimAll();
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
      const pk = await world.accept();
      const { session } = await world.claimAll();
      const settle = prepareSettle(world.database, world.makePk);
      const uses = [{ scope: 'account:x', windowMs: 60_000, at: world.clock.now(), count: 2 }];
      await settle(world.settlement(pk, session, { uses }));
      await expect(settle(world.settlement(pk, session, { uses }))).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await usesIn(world.database)).toEqual([{ scope: 'account:x', window_ms: 60_000, used: 2 }]);
    });
  });
}
