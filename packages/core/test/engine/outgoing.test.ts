// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { tenantPrincipal } from '@mail-proxy/core';
import { eventually, startReportReceiver, startScriptedPeer } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, eventsUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

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

describe('a relay that a tenant named', () => {
  const by = { principal: tenantPrincipal('default'), origin: 'test' };
  const relay = { id: 'main', tls: 'none' };
  const verify = (world: EngineWorld) => world.engine.execute('accounts.verify', { account_id: 'main' });

  test.each(['127.0.0.1', 'localhost'])(
    'at %s is not connected to by default, which verifying says and which pauses the account',
    async (host) => {
      await using peer = await startScriptedPeer((client) => serveMail(client));
      await using world = await openWorld({ outgoing: {} });
      await world.engine.execute('accounts.create', { ...relay, host, port: peer.port }, by);
      const refused = /(loopback address|name of this machine); allow it with/;
      expect(await verify(world)).toMatchObject({
        ok: false,
        stage: 'connect',
        reply: expect.stringMatching(refused),
      });
      await world.engine.submit([mail('waiting')]);
      const [paused] = await eventsUntil(world, ({ event }) => event === 'account_paused');
      expect(paused).toMatchObject({ reason: expect.stringMatching(refused) });
      expect(peer.connections).toBe(0);
    },
  );

  test('is connected to where the operator allowed its host, to the tenant or to all', async () => {
    await using peer = await startScriptedPeer((client) => serveMail(client));
    await using world = await openWorld({ outgoing: {} });
    await world.engine.execute('accounts.create', { ...relay, host: 'localhost', port: peer.port }, by);
    expect(await verify(world)).toMatchObject({ ok: false });
    await world.engine.execute('tenants.update', { tenant_id: 'default', allowed_hosts: ['localhost'] });
    expect(await verify(world)).toMatchObject({ ok: true });
    await using open = await openWorld({ outgoing: { allowPrivateNetworks: true } });
    await open.engine.execute('accounts.create', { ...relay, host: '127.0.0.1', port: peer.port }, by);
    expect(await verify(open)).toMatchObject({ ok: true });
  });

  test('is so from the moment it names the host or the port, until the operator names both', async () => {
    await using peer = await startScriptedPeer((client) => serveMail(client));
    await using other = await startScriptedPeer((client) => serveMail(client));
    await using world = await openWorld({ outgoing: {} });
    await addAccount(world, peer);
    const update = (input: object, caller?: typeof by) =>
      world.engine.execute('accounts.update', { account_id: 'main', ...input }, caller);
    await update({ weight: 2, host: '127.0.0.1', port: peer.port }, by);
    expect(await verify(world)).toMatchObject({ ok: true });
    await update({ port: other.port }, by);
    expect(await verify(world)).toMatchObject({ ok: false });
    await update({ weight: 3 });
    expect(await verify(world)).toMatchObject({ ok: false });
    await update({ host: '127.0.0.1' });
    expect(await verify(world)).toMatchObject({ ok: false });
    await update({ host: '127.0.0.1', port: other.port });
    expect(await verify(world)).toMatchObject({ ok: true });
    expect(other.connections).toBe(1);
  });
});
