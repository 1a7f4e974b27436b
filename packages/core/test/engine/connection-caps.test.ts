// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ScriptedPeer, startScriptedPeer } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

/** Connections that are open at several relays together. */
class Gauge {
  readonly #isFull = Promise.withResolvers<void>();
  readonly #full: number;
  readonly #open = new Map<string, number>();
  /** The most at one time: of each relay, and in all. */
  readonly peaks = new Map<string, number>();

  constructor(full: number) {
    this.#full = full;
  }

  /** Resolves once so many were open as should ever be. */
  get isFull(): Promise<void> {
    return this.#isFull.promise;
  }

  add(relay: string, change: 1 | -1): void {
    for (const name of [relay, 'all']) {
      const open = (this.#open.get(name) ?? 0) + change;
      this.#open.set(name, open);
      this.peaks.set(name, Math.max(this.peaks.get(name) ?? 0, open));
    }
    if (this.#open.get('all') === this.#full) this.#isFull.resolve();
  }
}

/** A relay that answers no message before as many connections are open as may be. */
function startGaugedRelay(name: string, gauge: Gauge): Promise<ScriptedPeer> {
  return startScriptedPeer(async (client) => {
    gauge.add(name, 1);
    try {
      await serveMail(client, { onMessage: () => gauge.isFull.then(() => '250 queued') });
    } finally {
      gauge.add(name, -1);
    }
  });
}

const ACCOUNTS = ['a', 'b', 'c', 'd', 'e'];
const MAILS_EACH = 20;

describe('as many connections are open as allowed, and never more than', () => {
  test.each([
    ['maxConnections, over all accounts and hosts', { maxConnections: 3 }, { each: 3, all: 3 }],
    ['maxConnectionsPerHost, over all accounts of a host', { maxConnectionsPerHost: 2 }, { each: 2, all: 4 }],
    ['both', { maxConnections: 3, maxConnectionsPerHost: 2 }, { each: 2, all: 3 }],
  ])('%s', async (_, delivery, { each, all }) => {
    const gauge = new Gauge(all);
    await using here = await startGaugedRelay('here', gauge);
    await using there = await startGaugedRelay('there', gauge);
    await using world = await openWorld({ delivery });
    for (const [index, id] of ACCOUNTS.entries()) {
      await addAccount(world, index % 2 === 0 ? here : there, { id, max_connections: 5 });
    }
    // Of each cap one connection is kept for immediate messages.
    const priorityOf = (index: number) => (index % 4 === 0 ? 'immediate' : 'medium');
    const mails = ACCOUNTS.flatMap((account_id) =>
      Array.from({ length: MAILS_EACH }, (_, index) =>
        mail(`${account_id} ${index}`, { account_id, priority: priorityOf(index) }),
      ),
    );
    await world.engine.submit(mails);
    const events = await eventsUntil(world, (_, told) => told.length === mails.length);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
    expect(gauge.peaks.get('all')).toBe(all);
    expect(gauge.peaks.get('here')).toBeLessThanOrEqual(each);
    expect(gauge.peaks.get('there')).toBeLessThanOrEqual(each);
  });
});
