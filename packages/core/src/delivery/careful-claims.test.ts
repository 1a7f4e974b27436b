// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { CommitInDoubt } from '../database/database.ts';
import { MailProxyError } from '../errors.ts';
import { silentLog } from '../observability/log.ts';
import { type ClaimedMessage, ClaimInDoubt } from '../queue/claim.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { CarefulClaims } from './careful-claims.ts';
import { claimed } from './dispatch-world.case.ts';

/** A queue that answers claims when the test says so. */
function createWorld() {
  const asked: PromiseWithResolvers<ClaimedMessage[][]>[] = [];
  const takenBack: string[][] = [];
  const clock = new VirtualClock();
  const stop = new AbortController();
  let isBusy = false;
  let held: Promise<void> = Promise.resolve();
  const claims = new CarefulClaims({
    claim: () => {
      const answer = Promise.withResolvers<ClaimedMessage[][]>();
      asked.push(answer);
      return answer.promise;
    },
    takeBack: async (messages) => {
      await held;
      if (isBusy) throw new MailProxyError('database_unavailable');
      takenBack.push(messages.map(({ pk }) => pk));
    },
    clock,
    log: silentLog,
  });
  return {
    asked,
    takenBack,
    clock,
    stop,
    claim: () => claims.claim([], { session: 1, now: 0, immediateOnly: false }, stop.signal),
    claims,
    setBusy: (value: boolean) => {
      isBusy = value;
    },
    holdTakeBack: (until: Promise<void>) => {
      held = until;
    },
  };
}

function inDoubt(...pks: readonly string[]): ClaimInDoubt {
  const cause = new CommitInDoubt([], new MailProxyError('database_unavailable'));
  return new ClaimInDoubt(
    pks.map((pk) => claimed({ pk })),
    cause,
  );
}

test('what a claim got that was under way beside the one in doubt is left alone', async () => {
  const world = createWorld();
  const first = world.claim();
  const second = world.claim();
  world.asked[0]?.reject(inDoubt('a', 'b'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  expect(world.takenBack).toEqual([]);
  world.asked[1]?.resolve([[claimed({ pk: 'b' })]]);
  await second;
  await world.claims.settled();
  expect(world.takenBack).toEqual([['a']]);
});

test('two claims in doubt are both given back', async () => {
  const world = createWorld();
  const claims = [world.claim(), world.claim()];
  world.asked[0]?.reject(inDoubt('a'));
  world.asked[1]?.reject(inDoubt('b'));
  await Promise.allSettled(claims);
  await world.claims.settled();
  expect(world.takenBack.flat().toSorted()).toEqual(['a', 'b']);
});

test('what a later claim got while it could not be given back is left alone', async () => {
  const world = createWorld();
  world.setBusy(true);
  const first = world.claim();
  world.asked[0]?.reject(inDoubt('a', 'b'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  const second = world.claim();
  await expect.poll(() => world.asked.length).toBe(2);
  world.asked[1]?.resolve([[claimed({ pk: 'a' })]]);
  await second;
  world.setBusy(false);
  await world.clock.advance(500);
  await world.claims.settled();
  expect(world.takenBack).toEqual([['b']]);
});

test('nothing is claimed while something is being given back', async () => {
  const world = createWorld();
  const giving = Promise.withResolvers<void>();
  world.holdTakeBack(giving.promise);
  const first = world.claim();
  world.asked[0]?.reject(inDoubt('a'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  const second = world.claim();
  await world.clock.advance(60_000);
  expect(world.asked).toHaveLength(1);
  giving.resolve();
  await expect.poll(() => world.asked.length).toBe(2);
  world.asked[1]?.resolve([]);
  await second;
});

test('an engine that is cut off stops trying', async () => {
  const world = createWorld();
  world.setBusy(true);
  const first = world.claim();
  world.asked[0]?.reject(inDoubt('a'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  world.stop.abort();
  await world.claims.settled();
  expect(world.takenBack).toEqual([]);
});

test('a claim that simply failed is not looked after', async () => {
  const world = createWorld();
  const first = world.claim();
  world.asked[0]?.reject(new MailProxyError('database_unavailable'));
  await expect(first).rejects.toMatchObject({ code: 'database_unavailable' });
  await world.claims.settled();
  expect(world.takenBack).toEqual([]);
});
