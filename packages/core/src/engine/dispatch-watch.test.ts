// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { afterEach, expect, test } from 'vitest';
import { DispatchWorld } from '../delivery/dispatch-world.case.ts';
import { silentLog } from '../observability/log.ts';
import type { LaneKey } from '../queue/lanes.ts';
import { DispatchWatch } from './dispatch-watch.ts';

const MINUTE_MS = 60_000;
/** Looks come every five seconds. */
const LOOK_MS = 5_000;

let world: DispatchWorld;
let dueAt: number | null;
const stop = new AbortController();

afterEach(() => world[Symbol.asyncDispose]());

/** A watch of a dispatcher that sends for these accounts. */
function watch(...accounts: readonly string[]): DispatchWatch {
  world = new DispatchWorld({ maxSends: 10 });
  dueAt = null;
  for (const pk of accounts) world.addAccount(pk);
  const lanes = (): readonly LaneKey[] =>
    accounts
      .filter((pk) => world.waiting.some((message) => message.startsWith(pk)))
      .map((pk) => ({ accountPk: pk, tenantId: pk }));
  const made = new DispatchWatch({
    clock: world.clock,
    log: silentLog,
    progress: () => world.dispatcher.progress,
    mayClaim: (lane) => world.dispatcher.mayClaim(lane),
    findLanes: async () => lanes(),
    readGates: async ({ accountPk }) => world.account(accountPk).gates,
    nextDueAt: async () => dueAt,
  });
  void made.run(stop.signal);
  return made;
}

test('a claim that never comes back is known after a minute, and over once it does', async () => {
  const made = watch('a', 'b');
  const answer = Promise.withResolvers<void>();
  world.claimAnswer = answer.promise;
  world.accept('a', 1);
  await world.idle();
  world.accept('b', 1);
  await world.clock.advance(MINUTE_MS);
  expect(made.isStalled).toBe(false);
  await world.clock.advance(2 * LOOK_MS);
  expect(world.started).toEqual([]);
  expect(made.isStalled).toBe(true);
  answer.resolve();
  await world.clock.advance(LOOK_MS);
  expect([world.started.length, made.isStalled]).toEqual([2, false]);
});

test('deferred mail that is due for long and is not let go on is known', async () => {
  const made = watch();
  dueAt = world.clock.now() + LOOK_MS;
  await world.clock.advance(2 * MINUTE_MS);
  expect(made.isStalled).toBe(false);
  await world.clock.advance(MINUTE_MS);
  expect(made.isStalled).toBe(true);
  dueAt = null;
  await world.clock.advance(LOOK_MS);
  expect(made.isStalled).toBe(false);
});

test('mail that waits for a good reason is no stall', async () => {
  const made = watch('limited', 'hanging');
  // Over its limit, or paused.
  world.account('limited').gates = [{ kind: 'tenant_suspended', scope: 'tenant', until: null }];
  world.accept('limited', 3);
  // As many as its relay takes are under way, and none ends.
  world.accept('hanging', 100);
  await world.clock.advance(5 * MINUTE_MS);
  expect(world.running.length).toBeGreaterThan(0);
  expect(world.waiting.length).toBeGreaterThan(80);
  expect(made.isStalled).toBe(false);
  world.isPaused = true;
  world.dispatcher.pausedChanged(true);
  await world.clock.advance(5 * MINUTE_MS);
  expect(made.isStalled).toBe(false);
});

test('an empty queue is no stall', async () => {
  const made = watch('a');
  await world.clock.advance(5 * MINUTE_MS);
  expect(made.isStalled).toBe(false);
});
