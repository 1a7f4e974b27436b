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
  let isAway = false;
  const claims = new CarefulClaims({
    claim: () => {
      const answer = Promise.withResolvers<ClaimedMessage[][]>();
      asked.push(answer);
      return answer.promise;
    },
    release: async () => undefined,
    takeBack: async (messages) => {
      if (isAway) throw new MailProxyError('database_unavailable');
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
    setAway: (value: boolean) => {
      isAway = value;
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

test('what a claim beside the one in doubt got is left alone', async () => {
  const world = createWorld();
  const first = world.claim();
  const second = world.claim();
  world.asked[0]?.reject(inDoubt('a', 'b'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  world.asked[1]?.resolve([[claimed({ pk: 'b' })]]);
  await second;
  const third = world.claim();
  await expect.poll(() => world.asked.length).toBe(3);
  expect(world.takenBack).toEqual([['a']]);
  world.asked[2]?.resolve([]);
  await third;
});

test('two claims in doubt are both given back', async () => {
  const world = createWorld();
  const claims = [world.claim(), world.claim()];
  world.asked[0]?.reject(inDoubt('a'));
  world.asked[1]?.reject(inDoubt('b'));
  await Promise.allSettled(claims);
  const third = world.claim();
  await expect.poll(() => world.asked.length).toBe(3);
  expect(world.takenBack).toEqual([['a'], ['b']]);
  world.asked[2]?.resolve([]);
  await third;
});

test('nothing is claimed while the database is away, until the engine is cut off', async () => {
  const world = createWorld();
  world.setAway(true);
  const first = world.claim();
  world.asked[0]?.reject(inDoubt('a'));
  await expect(first).rejects.toBeInstanceOf(ClaimInDoubt);
  const second = world.claim();
  await world.clock.advance(10_000);
  expect(world.asked).toHaveLength(1);
  world.stop.abort();
  await expect.poll(() => world.asked.length).toBe(2);
  world.asked[1]?.resolve([]);
  await second;
});

test('a claim that simply failed is not looked after', async () => {
  const world = createWorld();
  const first = world.claim();
  world.asked[0]?.reject(new MailProxyError('database_unavailable'));
  await expect(first).rejects.toMatchObject({ code: 'database_unavailable' });
  const second = world.claim();
  world.asked[1]?.resolve([]);
  await second;
  expect(world.takenBack).toEqual([]);
});
