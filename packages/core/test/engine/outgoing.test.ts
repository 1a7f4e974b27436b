// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startReportReceiver, startScriptedPeer } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

test('a report endpoint on this machine is not called by default, and the log says what allows it', async () => {
  await using receiver = await startReportReceiver();
  await using world = await openWorld({ outgoing: {} });
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await world.engine.execute('instance.run-now', {});
  await eventually(() => {
    expect(world.logged.join('\n')).toMatch(
      /report call failed.*127\.0\.0\.1 is a loopback address; allow it with .*GMP_OUTGOING_ALLOWED_HOSTS/,
    );
  });
  expect(receiver.requests).toEqual([]);
});

test('a token endpoint on this machine is not asked by default, and pauses the account like wrong settings', async () => {
  await using endpoint = await startReportReceiver();
  await using relay = await startScriptedPeer((client) => serveMail(client, { extensions: ['AUTH XOAUTH2'] }));
  await using world = await openWorld({ outgoing: {} });
  await addAccount(world, relay, {
    user: 'someone',
    auth_method: 'xoauth2',
    oauth: { token_url: `${endpoint.url}/token`, client_id: 'id', client_secret: 'secret' },
  });
  await world.engine.submit([mail('waiting')]);
  const [paused] = await eventsUntil(world, ({ event }) => event === 'account_paused');
  expect(paused).toMatchObject({
    event: 'account_paused',
    reason: expect.stringMatching(/^auth: 535 .*127\.0\.0\.1 is a loopback address; allow it with/),
  });
  expect(endpoint.requests).toEqual([]);
});

test('hosts that the operator allowed are called, by name', async () => {
  await using receiver = await startReportReceiver();
  await using world = await openWorld({ outgoing: { allowedHosts: ['localhost'] } });
  const client_base_url = `http://localhost:${receiver.port}`;
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url });
  await world.engine.execute('instance.run-now', {});
  await receiver.waitForRequests(1);
});
