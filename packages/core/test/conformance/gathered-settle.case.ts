// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { prepareSuppress } from '../../src/entities/suppression/suppress.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { createSessionStore } from '../../src/queue/sessions.ts';
import { prepareSettle, type Settlement } from '../../src/queue/settle.ts';
import { usesIn } from './rate-world.case.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';
import { countingStatements, inDoubtOnce, slowToEnd } from './watched-database.case.ts';

export function gatheredSettleConformance(open: OpenStore): void {
  describe('outcomes written at once', () => {
    test('are a handful of statements, however many they are', async () => {
      await using world = await createWorld(open);
      await acceptMany(world, 100);
      const { session, pks } = await world.claimAll();
      const watched = countingStatements(world.database);
      const settle = prepareSettle(watched.database, world.makePk);
      await Promise.all(pks.map((pk) => settle(sent(world, pk, session))));
      expect(watched.statements()).toBeLessThanOrEqual(5);
      expect(await endsOf(world, pks)).toEqual(new Set(['final sent: sent']));
      expect(await usesIn(world.database)).toEqual([{ scope: 'account:x', window_ms: 60_000, used: 100 }]);
    });

    test('find themselves written after a commit in doubt, though the same session has claimed the message again', async () => {
      await using world = await createWorld(open);
      const pks = await acceptMany(world, 2);
      const { session } = await world.claimAll();
      const settle = prepareSettle(inDoubtOnce(world.database), world.makePk);
      const again = pks.map((pk) =>
        world.settlement(pk, session, { state: 'ready', result: null, units: 1, attempts: 1, recipients: [] }),
      );
      for (const end of await Promise.allSettled(again.map((settlement) => settle(settlement)))) {
        expect(end).toMatchObject({ status: 'rejected', reason: { code: 'database_unavailable' } });
      }
      const claim = prepareClaim(world.database);
      const { tenantId, accountPk } = world;
      const lane = { tenantId, accountPk, quota: 10, limits: null };
      const [claimed = []] = await claim([lane], { session, now: world.clock.now(), immediateOnly: false });
      expect(claimed.map(({ pk }) => pk).toSorted()).toEqual(pks.toSorted());
      await Promise.all(again.map((settlement) => settle(settlement)));
      for (const pk of pks) {
        expect(await world.message(pk)).toMatchObject({ state: 'leased', owner_session: session, attempts: 1 });
      }
    });

    test('of several kinds leave each message as its own says', async () => {
      await using world = await createWorld(open);
      const [done, again, later] = await acceptMany(world, 3);
      if (done === undefined || again === undefined || later === undefined) throw new Error('three were accepted');
      const { session } = await world.claimAll();
      const { eligible_at, rank } = await world.message(again);
      const settle = prepareSettle(world.database, world.makePk);
      const open_ = { result: null, units: 1, uses: [], recipients: [] } as const;
      await Promise.all([
        settle(sent(world, done, session)),
        settle(world.settlement(again, session, { ...open_, state: 'ready', attempts: 0 })),
        settle(world.settlement(later, session, { ...open_, state: 'deferred', eligibleAt: eligible_at + 5_000 })),
      ]);
      expect(await world.message(done)).toMatchObject({ state: 'final', result: 'sent', eligible_at, units: 0 });
      expect(await world.message(again)).toMatchObject({ state: 'ready', attempts: 0, eligible_at, rank, units: 1 });
      expect(await world.message(later)).toMatchObject({ state: 'deferred', eligible_at: eligible_at + 5_000 });
    });

    test('are refused alone with lease_lost where the message is another session’s by now', async () => {
      await using world = await createWorld(open);
      const pks = await acceptMany(world, 5);
      const { session } = await world.claimAll();
      const other = await world.sessions.start('other', world.clock.now());
      const settle = prepareSettle(world.database, world.makePk);
      const ends = await Promise.allSettled(
        pks.map((pk, index) => settle(sent(world, pk, index === 2 ? other : session))),
      );
      expect(ends.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(ends[2]).toMatchObject({ reason: { code: 'lease_lost' } });
      const lost = pks[2] ?? '';
      expect(await world.message(lost)).toMatchObject({ state: 'leased', owner_session: session });
      expect(await world.recipients(lost)).toMatchObject([{ state: 'pending', attempts: 0 }]);
      expect(await world.events(lost)).toEqual([]);
      expect(await usesIn(world.database)).toMatchObject([{ used: 4 }]);
    });

    test('put dead addresses onto the suppression list with their events, and none of a message that was lost', async () => {
      await using world = await createWorld(open);
      const [kept, twin, lost] = await acceptMany(world, 3);
      if (kept === undefined || twin === undefined || lost === undefined) throw new Error('three were accepted');
      const { session } = await world.claimAll();
      const suppress = prepareSuppress(world.database, world.makePk);
      const settle = prepareSettle(world.database, world.makePk, { suppress });
      const striking = (pk: string, owner: number, address: string) =>
        settle({ ...sent(world, pk, owner), strikes: [{ address, kind: 'hard', policy: null }] });
      const ends = await Promise.allSettled([
        striking(kept, session, 'Gone@example.org'),
        striking(twin, session, 'gone@example.org'),
        striking(lost, session + 1, 'lost@example.org'),
      ]);
      expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      const [event] = await world.events(kept);
      const list = world.database.prepare<object>((k) =>
        k.selectFrom('suppressions').select(['tenant_id', 'address', 'source_event_pk']),
      );
      expect(await world.database.read(list.bind({}))).toEqual([
        { tenant_id: world.tenantId, address: 'gone@example.org', source_event_pk: event?.pk },
      ]);
    });

    test('of two sessions, one of which has ended, are those of the other', async () => {
      await using world = await createWorld(open);
      const first = await acceptMany(world, 3);
      const { session: ended } = await world.claimAll();
      const second = await acceptMany(world, 3);
      const { session: living } = await world.claimAll();
      await world.sessions.end(ended, world.clock.now());
      const settle = prepareSettle(world.database, world.makePk);
      const ends = await Promise.allSettled([
        ...first.map((pk) => settle(sent(world, pk, ended))),
        ...second.map((pk) => settle(sent(world, pk, living))),
      ]);
      expect(ends.map(({ status }) => status)).toEqual([
        ...first.map(() => 'rejected'),
        ...second.map(() => 'fulfilled'),
      ]);
      expect(await endsOf(world, first)).toEqual(new Set(['leased null: ']));
      expect(await endsOf(world, second)).toEqual(new Set(['final sent: sent']));
    });

    test('by two sessions are both written, each its own', async () => {
      await using world = await createWorld(open);
      const settles = [world.database, await world.connect()].map((database) => prepareSettle(database, world.makePk));
      const claims: Awaited<ReturnType<World['claimAll']>>[] = [];
      for (const _ of settles) {
        await acceptMany(world, 30);
        claims.push(await world.claimAll());
      }
      await Promise.all(
        claims.flatMap(({ session, pks }, index) => pks.map((pk) => settles[index]?.(sent(world, pk, session)))),
      );
      expect(
        await endsOf(
          world,
          claims.flatMap(({ pks }) => pks),
        ),
      ).toEqual(new Set(['final sent: sent']));
      expect(await usesIn(world.database)).toMatchObject([{ used: 60 }]);
    });

    test('while somebody ends the session and takes its messages back: each has one end and one event of it', async () => {
      await using world = await createWorld(open);
      const other = await world.connect();
      const rescuer = createSessionStore(other, world.makePk);
      const settle = prepareSettle(world.database, world.makePk);
      for (let round = 0; round < 10; round++) {
        await acceptMany(world, 20);
        const { session, pks } = await world.claimAll();
        const half = pks.length / 2;
        const settled = Promise.allSettled(pks.slice(0, half).map((pk) => settle(sent(world, pk, session))));
        const rest = async () => {
          await settled;
          return Promise.allSettled(pks.slice(half).map((pk) => settle(sent(world, pk, session))));
        };
        const taken = async () => {
          await rescuer.end(session, world.clock.now());
          return rescuer.rescue(session, { now: world.clock.now(), limit: 100 });
        };
        const [first, second, rescued] = await Promise.all([settled, rest(), taken()]);
        const wasSettled = [...first, ...second].map(({ status }) => status === 'fulfilled');
        expect(wasSettled.filter(Boolean).length + rescued.length).toBe(pks.length);
        for (const [index, pk] of pks.entries()) {
          const types = (await world.events(pk)).map(({ type }) => type);
          expect([(await world.message(pk)).state, ...types]).toEqual(
            wasSettled[index] ? ['final', 'sent'] : ['ready', 'interrupted'],
          );
        }
        await settleAll(world, settle);
      }
    });

    test('are written whole or not at all, though somebody ends the session just then', async () => {
      await using world = await createWorld(open);
      const rescuer = createSessionStore(await world.connect(), world.makePk);
      const pk = await world.accept();
      const { session } = await world.claimAll();
      // Some round trips later the first statements have run, and the last has not.
      const end = async (): Promise<void> => {
        for (let trip = 0; trip < 20; trip++) await rescuer.findDead(session, 0);
        await rescuer.end(session, world.clock.now());
      };
      const endings: Promise<void>[] = [];
      const settle = prepareSettle(
        slowToEnd(world.database, () => endings.push(end())),
        world.makePk,
      );
      const [written] = await Promise.allSettled([settle(sent(world, pk, session))]);
      await Promise.all(endings);
      const isWritten = written?.status === 'fulfilled';
      expect(await endsOf(world, [pk])).toEqual(new Set([isWritten ? 'final sent: sent' : 'leased null: ']));
    });

    test('are written all but the one that the database refuses', async () => {
      await using world = await createWorld(open);
      const pks = await acceptMany(world, 4);
      const { session } = await world.claimAll();
      const settle = prepareSettle(world.database, world.makePk);
      // An event belongs to a tenant, which the types say too.
      const broken = { tenantId: null as never };
      const ends = await Promise.allSettled(
        pks.map((pk, index) => settle({ ...sent(world, pk, session), ...(index === 1 ? broken : {}) })),
      );
      expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(await endsOf(world, pks.slice(1, 2))).toEqual(new Set(['leased null: ']));
      expect(await endsOf(world, [...pks.slice(0, 1), ...pks.slice(2)])).toEqual(new Set(['final sent: sent']));
    });

    test('may touch ten thousand recipients', async () => {
      await using world = await createWorld(open);
      const to = Array.from({ length: 10_000 }, (_, index) => `reader-${index}@example.org`);
      const pk = await world.accept({ to });
      const { session } = await world.claimAll();
      const settlement = sent(world, pk, session);
      const recipients = to.flatMap((_, position) => settlement.recipients.map((each) => ({ ...each, position })));
      await prepareSettle(world.database, world.makePk)({ ...settlement, recipients });
      expect(new Set((await world.recipients(pk)).map(({ state, reply }) => `${state}: ${reply}`))).toEqual(
        new Set(['sent: queued – "as" \\1']),
      );
    });
  });
}

async function acceptMany(world: World, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => world.accept()));
}

function sent(world: World, pk: string, session: number): Settlement {
  return world.settlement(pk, session, {
    uses: [{ scope: 'account:x', windowMs: 60_000, at: world.clock.now(), count: 1 }],
    recipients: [
      {
        position: 0,
        state: 'sent',
        attempts: 1,
        stage: 'dot',
        code: 250,
        enhanced: '2.0.0',
        reply: 'queued – "as" \\1',
        verdict: null,
      },
    ],
  });
}

async function settleAll(world: World, settle: ReturnType<typeof prepareSettle>): Promise<void> {
  const { session, pks } = await world.claimAll();
  await Promise.all(pks.map((pk) => settle(sent(world, pk, session))));
}

/** How the messages stand, with the events that tell of it. */
async function endsOf(world: World, pks: readonly string[]): Promise<ReadonlySet<string>> {
  const ends = await Promise.all(
    pks.map(async (pk) => {
      const [{ state, result }, events] = await Promise.all([world.message(pk), world.events(pk)]);
      return `${state} ${result}: ${events.map(({ type }) => type).join()}`;
    }),
  );
  return new Set(ends);
}
