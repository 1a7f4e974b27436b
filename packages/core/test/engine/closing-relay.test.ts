// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, Recording, startScriptedPeer } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld, serveMail } from './engine-world.case.ts';
import { addTenant, sendingOf } from './fairness-world.case.ts';

function mails(count: number) {
  return Array.from({ length: count }, (_, n) => mail(`m${n}`));
}

/** How many are there at once, and at most. */
class Crowd {
  readonly #arrivals = new Recording<number>('number of those who are there');
  #present = 0;

  join(): void {
    this.#present += 1;
    this.#arrivals.add(this.#present);
  }

  leave(): void {
    this.#present -= 1;
  }

  /** Wait until so many are there. */
  async reach(count: number): Promise<void> {
    await this.#arrivals.waitFor((present) => present === count);
  }

  /** The number after each arrival. */
  get numbers(): readonly number[] {
    return this.#arrivals.items;
  }

  get most(): number {
    return Math.max(...this.numbers);
  }
}

describe('421 at MAIL', () => {
  test('from all connections at once halves them once, and they grow back when mail goes', async () => {
    const CONNECTIONS = 8;
    const first = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const before = new Crowd();
    const after = new Crowd();
    const grown = new Crowd();
    let mailsSeen = 0;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        async onMail() {
          mailsSeen += 1;
          if (mailsSeen <= CONNECTIONS) {
            before.join();
            await first.promise;
            return '421 4.3.2 too many connections';
          }
          // Forty of them later it has had time to grow.
          const crowd = mailsSeen < 60 ? after : grown;
          crowd.join();
          await (crowd === after ? rest.promise : grown.reach(5));
          crowd.leave();
          return '250 ok';
        },
      }),
    );
    await using world = await openWorld();
    // One of them is kept for immediate messages.
    await addAccount(world, relay, { max_connections: CONNECTIONS + 1 });
    await world.engine.submit(mails(100));
    await before.reach(CONNECTIONS);
    first.resolve();
    await after.reach(4);
    // All that may run waits at the relay now.
    await eventually(async () => (await sendingOf(world)) === 4);
    expect(after.most).toBe(4);
    rest.resolve();
    await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 100);
    expect(grown.most).toBeGreaterThanOrEqual(5);
  });
});

describe('a relay that fails at MAIL', () => {
  test.each([
    ['421', '421 4.3.2 shutting down'],
    ['a cut', null],
  ])('by %s has a fifth of the slots at most, however many accounts lead to it', async (_, reply) => {
    const sending: Promise<number>[] = [];
    await using world = await openWorld({ delivery: { maxSends: 20, reservedImmediate: 2 } });
    await using relay = await startScriptedPeer((client) => {
      sending.push(sendingOf(world));
      return serveMail(client, { onMail: () => reply });
    });
    for (let n = 0; n < 12; n++) await addTenant(world, relay, { id: `tenant-${n}`, max_connections: 5 });
    for (let n = 0; n < 12; n++) await world.engine.submit(mails(10), { tenantId: `tenant-${n}` });
    await eventually(() => sending.length > 150);
    const last = await Promise.all(sending.slice(-50));
    expect(Math.max(...last)).toBeLessThanOrEqual(4);
    await Promise.all(sending);
  });
});
