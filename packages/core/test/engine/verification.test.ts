// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type SmtpSink, startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, historyUntil, mail, openWorld } from './engine-world.case.ts';

describe('a verification uses no connection beyond', () => {
  /** A relay that refuses a second connection, and is in the middle of one message. */
  async function startBusyRelay(): Promise<SmtpSink & { readonly isBusy: Promise<void>; finish(): void }> {
    const busy = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    const sink = await startSmtpSink({
      maxConnections: 1,
      async onMessage() {
        busy.resolve();
        await finished.promise;
        return null;
      },
    });
    return Object.assign(sink, { isBusy: busy.promise, finish: () => finished.resolve() });
  }

  test.each([
    ['those of the account', { max_connections: 1 }, {}],
    ['those of its host', { max_connections: 5 }, { maxConnectionsPerHost: 1 }],
    ['those of the instance', { max_connections: 5 }, { maxConnections: 1 }],
  ])('%s: it waits until one is free', async (_, settings, delivery) => {
    await using relay = await startBusyRelay();
    await using world = await openWorld({ delivery });
    await addAccount(world, relay, settings);
    await world.engine.submit([mail('m1')]);
    await relay.isBusy;
    const verifying = world.engine.execute('accounts.verify', { account_id: 'main', tenant_id: 'default' });
    // Looks at the database as the verification does first, so that this has begun to wait by then.
    await world.engine.execute('accounts.get', { account_id: 'main', tenant_id: 'default' });
    relay.finish();
    expect(await verifying).toMatchObject({ ok: true });
    expect(relay.connections).toMatchObject({ total: 2, peak: 1 });
    // Afterwards mail has the connection again.
    await world.engine.submit([mail('m2')]);
    await historyUntil(world, 'm2', 'sent');
    expect(relay.connections.peak).toBe(1);
  });
});
