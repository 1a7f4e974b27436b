// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createConnectionShares } from '../../src/queue/connection-shares.ts';
import { createLeaseStore } from '../../src/queue/leases.ts';
import { createWorld, type OpenStore } from './store-world.case.ts';

const LEASE_MS = 60_000;

/** What instances of one database have one at a time, or divide among themselves. */
export function instancesConformance(open: OpenStore): void {
  describe('a right', () => {
    test('is one session’s until it gives it back, ends, or misses its heartbeats', async () => {
      await using world = await createWorld(open);
      const { sessions, clock } = world;
      const leases = createLeaseStore(world.database);
      const [one, two] = [await sessions.start('one', clock.now()), await sessions.start('two', clock.now())];
      const take = (session: number) => leases.take('imap:box', { session, aliveSince: clock.now() - LEASE_MS });

      expect([await take(one), await take(two), await take(one)]).toEqual([true, false, true]);
      await leases.release('imap:box', two);
      expect(await take(two)).toBe(false);
      await leases.release('imap:box', one);
      expect([await take(two), await take(one)]).toEqual([true, false]);

      await clock.advance(LEASE_MS + 1);
      await sessions.heartbeat(one, clock.now());
      expect(await take(one)).toBe(true);
      await sessions.end(one, clock.now());
      expect([await take(one), await take(two)]).toEqual([false, true]);
    });

    test('is had by exactly one of many that ask at once', async () => {
      await using world = await createWorld(open);
      const { sessions, clock } = world;
      const leases = createLeaseStore(world.database);
      const others = createLeaseStore(await world.connect());
      const numbers = await Promise.all(Array.from({ length: 10 }, (_, n) => sessions.start(`${n}`, clock.now())));
      const taken = await Promise.all(
        numbers.map((session, index) =>
          (index % 2 === 0 ? leases : others).take('box', { session, aliveSince: clock.now() - LEASE_MS }),
        ),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
    });
  });

  describe('connections of an account', () => {
    test('are what others leave, come back when given up, and are void with their session', async () => {
      await using world = await createWorld(open);
      const { sessions, clock, accountPk } = world;
      const shares = createConnectionShares(world.database);
      const [one, two] = [await sessions.start('one', clock.now()), await sessions.start('two', clock.now())];
      const take = async (session: number, maxConnections = 5, wanted = maxConnections) =>
        (
          await shares.take([{ accountPk, maxConnections, wanted }], { session, aliveSince: clock.now() - LEASE_MS })
        )[0];

      expect([await take(one), await take(two), await take(one)]).toEqual([5, 0, 5]);
      await shares.keep(accountPk, 3, one);
      expect([await take(two), await take(one)]).toEqual([2, 3]);
      // Fewer than are held: nobody gets any more, and what is held must be given up by its holder.
      expect(await take(two, 3)).toBe(0);
      await shares.keep(accountPk, 0, two);
      expect(await take(one, 5, 2)).toBe(2);
      expect([await take(two, 5, 1), await take(one)]).toEqual([1, 4]);
      await shares.keep(accountPk, 0, two);

      await sessions.end(one, clock.now());
      expect(await take(two)).toBe(5);
      expect(await shares.countLiving(clock.now() - LEASE_MS)).toBe(1);
      await clock.advance(LEASE_MS + 1);
      expect(await shares.countLiving(clock.now() - LEASE_MS)).toBe(0);
      const three = await sessions.start('three', clock.now());
      expect(await take(three)).toBe(5);
    });

    test('of those that live never add up to more than there are, whoever takes and gives up what and when', async () => {
      await using world = await createWorld(open);
      const { sessions, clock, accountPk } = world;
      const stores = [createConnectionShares(world.database), createConnectionShares(await world.connect())] as const;
      const step = fc.record({
        session: fc.nat({ max: 2 }),
        action: fc.constantFrom('take', 'take', 'take', 'keep', 'restart'),
        connections: fc.nat({ max: 4 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
          const numbers = await Promise.all([0, 1, 2].map((n) => sessions.start(`${n}`, clock.now())));
          const held = [0, 0, 0];
          const aliveSince = clock.now() - LEASE_MS;
          for (const round of rounds) {
            await Promise.all(
              // One at a time for each session, as an instance does.
              [0, 1, 2].map(async (index) => {
                for (const { action, connections } of round.filter(({ session }) => session === index)) {
                  const session = numbers[index] ?? 0;
                  const store = stores[index === 0 ? 0 : 1];
                  if (action === 'take') {
                    const [share = 0] = await store.take([{ accountPk, maxConnections: 5, wanted: connections + 1 }], {
                      session,
                      aliveSince,
                    });
                    held[index] = share;
                  } else if (action === 'keep') {
                    const kept = Math.min(connections, held[index] ?? 0);
                    await store.keep(accountPk, kept, session);
                    held[index] = kept;
                  } else {
                    held[index] = 0;
                    await sessions.end(session, clock.now());
                    numbers[index] = await sessions.start('again', clock.now());
                  }
                }
              }),
            );
            expect(held.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(5);
          }
          for (const session of numbers) await sessions.end(session, clock.now());
        }),
        { numRuns: 25 },
      );
    });
  });
}
