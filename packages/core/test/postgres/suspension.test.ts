// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually, startTcpProxy } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { startGatedRelay } from '../engine/control-world.case.ts';
import { addAccount, mail, openWorld } from '../engine/engine-world.case.ts';
import { serverUrl } from './proxied-store.case.ts';

test.skipIf(inject('pgSkip') !== '')(
  'once its suspension is answered nothing of a tenant is begun, however long the reading of its gates takes',
  async () => {
    await using made = await createDatabase(serverUrl(), inject('pgMigrated'));
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    await using relay = await startGatedRelay('MAIL');
    await using world = await openWorld({ database: proxy.inPlaceOf(made.url) });
    const { engine } = world;
    await engine.execute('tenants.create', { id: 'acme' });
    await addAccount(world, relay, { tenant_id: 'acme', max_connections: 1 });
    await engine.submit([mail('m1'), mail('m2')], { tenantId: 'acme' });
    await relay.reached;
    const stateOf = async (id: string): Promise<unknown> => {
      const found = await engine.execute('messages.list', { tenant_id: 'acme' });
      // The answer to messages.list.
      const { items } = found as { readonly items: readonly { readonly id: string; readonly state: string }[] };
      return items.find((item) => item.id === id)?.state;
    };
    await eventually(async () => (await stateOf('m2')) === 'leased');

    const reading = proxy.intercept('instance_paused');
    await engine.execute('tenants.suspend', { tenant_id: 'acme' });
    relay.open();
    await eventually(async () => (await stateOf('m1')) === 'final' && (await stateOf('m2')) === 'ready');
    expect(relay.subjects).toEqual(['m1']);
    (await reading).cut();
  },
);
