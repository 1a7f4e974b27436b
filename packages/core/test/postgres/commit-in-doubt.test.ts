// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { CommitInDoubt } from '../../src/database/database.ts';
import { exactlyOne } from '../../src/database/statement.ts';
import { CarefulClaims } from '../../src/delivery/careful-claims.ts';
import { writeOutcome } from '../../src/delivery/run-attempt.ts';
import { silentLog } from '../../src/observability/log.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { acceptDespiteDoubt } from '../../src/queue/accept-despite-doubt.ts';
import { ClaimInDoubt, prepareClaim } from '../../src/queue/claim.ts';
import { prepareTakeBack } from '../../src/queue/release.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import { STEP_MS } from '../conformance/store-world.case.ts';
import {
  COMMIT_ENDS,
  createProxiedWorld,
  interceptCommit,
  loseNextAnswer,
  type ProxiedWorld,
} from './proxied-store.case.ts';

const never = new AbortController().signal;

describe.skipIf(inject('pgSkip') !== '')('a commit whose answer is lost', () => {
  test.each(COMMIT_ENDS)('that %s is in doubt for each unit of its group, and the next write goes on', async (end) => {
    await using world = await createProxiedWorld();
    const accept = prepareAccept(world.database, STEP_MS);
    const drafts = [world.draft(), world.draft()];
    const lost = loseNextAnswer(world.proxy, end);
    const outcomes = await Promise.allSettled(drafts.map((draft) => accept(draft)));
    await lost;
    expect(outcomes).toMatchObject(drafts.map(() => ({ status: 'rejected', reason: expect.any(CommitInDoubt) })));
    expect(outcomes).toMatchObject(drafts.map(() => ({ reason: { code: 'database_unavailable' } })));
    expect(await world.messages()).toHaveLength(end === 'happened' ? 2 : 0);
    await accept(world.draft());
  });

  test('leaves no doubt about a unit of its group that had failed before', async () => {
    await using world = await createProxiedWorld();
    const touch = world.database.prepare<{ pk: string }>((k, p) =>
      k.updateTable('messages').set({ last_error: 'touched' }).where('pk', '=', p.pk),
    );
    const pk = await world.accept();
    const lost = loseNextAnswer(world.proxy, 'happened');
    const outcomes = await Promise.allSettled([
      world.database.write([touch.bind({ pk })]),
      world.database.write([exactlyOne(touch.bind({ pk: 'nobody' }), 'conflict')]),
    ]);
    await lost;
    expect(outcomes).toMatchObject([{ reason: expect.any(CommitInDoubt) }, { reason: { code: 'conflict' } }]);
  });

  test.each(COMMIT_ENDS)('that %s: a message is accepted once, and the client is told so', async (end) => {
    await using world = await createProxiedWorld();
    const accept = acceptDespiteDoubt(prepareAccept(world.database, STEP_MS), world.database, systemClock);
    const lost = loseNextAnswer(world.proxy, end);
    expect(await accept(world.draft({ id: 'm1' }))).toBe('ready');
    await lost;
    expect((await world.messages()).map(({ id }) => id)).toEqual(['m1']);
    await expect(accept(world.draft({ id: 'm1' }))).rejects.toMatchObject({ code: 'duplicate_id' });
  });

  test.each(COMMIT_ENDS)('that %s: a settlement is written once, and its attempt is told so', async (end) => {
    await using world = await createProxiedWorld();
    const settle = prepareSettle(world.database, world.makePk);
    const pk = await world.accept();
    const { session } = await world.claimAll();
    const lost = loseNextAnswer(world.proxy, end);
    const written = writeOutcome(world.settlement(pk, session), { settle, clock: systemClock, log: silentLog });
    await lost;
    expect(await written).toBe(true);
    expect((await world.events(pk)).map(({ type }) => type)).toEqual(['sent']);
    expect(await world.message(pk)).toMatchObject({ state: 'final', result: 'sent', owner_session: null });
  });

  test('of another session does not pass for our own', async () => {
    await using world = await createProxiedWorld();
    const settle = prepareSettle(world.database, world.makePk);
    const pk = await world.accept();
    const { session } = await world.claimAll();
    const lost = loseNextAnswer(world.proxy, 'never arrived');
    const settlement = world.settlement(pk, session);
    await expect(settle(settlement)).rejects.toBeInstanceOf(CommitInDoubt);
    await lost;
    await world.sessions.end(session, world.clock.now());
    await world.sessions.rescue(session, { now: world.clock.now(), limit: 1 });
    await expect(settle(settlement)).rejects.toMatchObject({ code: 'lease_lost' });
  });
});

describe.skipIf(inject('pgSkip') !== '')('a claim whose commit is in doubt', () => {
  test.each(COMMIT_ENDS)('and %s gives back what it may have taken', async (end) => {
    await using world = await createProxiedWorld();
    const claims = await carefulClaims(world);
    const pks = [await world.accept(), await world.accept()];
    const lost = loseNextAnswer(world.proxy, end);
    await expect(claims.claim()).rejects.toMatchObject({ messages: pks.map((pk) => ({ pk })) });
    await lost;
    await claims.settled();
    expect((await claims.claim()).map(({ pk }) => pk)).toEqual(pks);
    expect((await world.messages()).map(({ attempts }) => attempts)).toEqual([0, 0]);
  });

  test('gives it back though the server learns of the commit only after the connection was cut', async () => {
    await using world = await createProxiedWorld();
    const claims = await carefulClaims(world);
    const pk = await world.accept();
    const intercepting = interceptCommit(world.proxy);
    const claiming = claims.claim().catch((error: unknown) => error);
    const commit = await intercepting;
    commit.cutClient();
    expect(await claiming).toBeInstanceOf(ClaimInDoubt);
    // Others are claimed meanwhile.
    const other = await world.accept();
    expect((await claims.claim()).map((message) => message.pk)).toEqual([other]);
    commit.deliver();
    await commit.answered;
    expect(await world.message(pk)).toMatchObject({ state: 'leased' });
    await claims.settled();
    expect((await claims.claim()).map((message) => message.pk)).toEqual([pk]);
    expect(await world.message(pk)).toMatchObject({ state: 'leased', attempts: 0 });
  });
});

async function carefulClaims(world: ProxiedWorld) {
  const { database, clock, accountPk, tenantId, sessions } = world;
  const session = await sessions.start('test', clock.now());
  const claims = new CarefulClaims({
    claim: prepareClaim(database),
    takeBack: prepareTakeBack(database),
    clock: systemClock,
    log: silentLog,
  });
  const lanes = [{ accountPk, tenantId, quota: 10, limits: null }];
  return {
    settled: () => claims.settled(),
    async claim() {
      return (await claims.claim(lanes, { session, now: clock.now(), immediateOnly: false }, never)).flat();
    },
  };
}
