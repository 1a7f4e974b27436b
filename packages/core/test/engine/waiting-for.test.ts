// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VirtualClock } from '@mail-proxy/core/testing';
import { eventually, startScriptedPeer, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { control, inMs, startGatedRelay } from './control-world.case.ts';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld, serveMail } from './engine-world.case.ts';

test('a message that finds all sends of the server or of its account taken says so', async () => {
  await using relay = await startGatedRelay('MAIL');
  // Time stands still, so that no relay counts as one that hangs.
  await using world = await openWorld({ clock: new VirtualClock(), delivery: { maxSends: 5, reservedImmediate: 1 } });
  // Its deadline does not come either, so the relay has to let the engine stop.
  using _ = { [Symbol.dispose]: relay.open };
  await addAccount(world, relay, { id: 'narrow', max_connections: 1 });
  await addAccount(world, relay, { id: 'wide', is_default: true });
  await world.engine.submit(Array.from({ length: 8 }, (_, index) => mail(`n${index}`, { account_id: 'narrow' })));
  await relay.reached;
  await eventually(async () => {
    expect((await messageOf(world, 'n7')).waiting_for).toMatchObject([
      { kind: 'account_busy', scope: 'account' },
      { kind: 'turn', position: 1 },
    ]);
  });
  await world.engine.submit(Array.from({ length: 12 }, (_, index) => mail(`w${index}`)));
  await eventually(async () => {
    expect((await messageOf(world, 'w11')).waiting_for).toMatchObject([
      { kind: 'server_busy', scope: 'instance' },
      { kind: 'turn' },
    ]);
  });
});

test('a message whose account waits for its probe says so', async () => {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let logins = 0;
  await using relay = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['AUTH PLAIN'],
      onAuth: () => {
        logins += 1;
        return logins === 1 ? '535 5.7.8 wrong password' : '235 ok';
      },
      async onMail() {
        reached.resolve();
        await opened.promise;
        return '250 ok';
      },
    }),
  );
  const clock = new VirtualClock();
  await using world = await openWorld({ clock, delivery: { accountPauseMs: 60_000 } });
  using _ = { [Symbol.dispose]: opened.resolve };
  await addAccount(world, relay, { user: 'someone', password: 'secret' });
  await world.engine.submit([mail('m1'), mail('m2')]);
  await eventsUntil(world, ({ event }) => event === 'account_paused');
  // The pause is told before the messages are given back.
  await eventually(async () => {
    expect((await messageOf(world, 'm2')).waiting_for).toMatchObject([{ kind: 'account_paused' }, { kind: 'turn' }]);
  });
  // The clock leaps to the end of the pause, and nobody has looked yet.
  await world.engine.execute('instance.pause', {});
  await clock.advance(61_000);
  expect((await messageOf(world, 'm2')).waiting_for).toMatchObject([
    { kind: 'instance_paused' },
    { kind: 'account_probe', scope: 'account', until: null, detail: 'auth: 535 5.7.8 wrong password' },
    { kind: 'turn' },
  ]);
});

test('a pause by hand is told to be over when its time is, though no mail waits', async () => {
  const clock = new VirtualClock();
  await using world = await openWorld({ clock });
  await addAccount(world, { port: 1 });
  const until = new Date(clock.now() + 60_000).toISOString();
  await world.engine.execute('accounts.pause', { account_id: 'main', tenant_id: 'default', until });
  await clock.advance(60_000);
  await eventually(async () => {
    await clock.advance(10_000);
    expect(await world.engine.execute('events.list', { tenant_id: 'default' })).toMatchObject({
      items: [{ type: 'account_paused' }, { type: 'account_resumed', account_id: 'main' }],
    });
  });
});

test('a deferred or held message of a suspended batch names the batch before it is parked, and what keeps its lane', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink);
  const batch_code = 'spring';
  await world.engine.submit([
    mail('later', { batch_code, send_at: inMs(3_600_000) }),
    mail('held', { batch_code, send_at: inMs(3_600_000) }),
  ]);
  await control(world, 'hold', 'held');
  await world.engine.execute('batches.suspend', { tenant_id: 'default', batch_code });
  expect((await messageOf(world, 'held')).waiting_for).toMatchObject([
    { kind: 'held' },
    { kind: 'scheduled' },
    { kind: 'batch_suspended', scope: 'batch' },
  ]);
  // What is retried or released comes back to its batch, which the sweep parks in its own time.
  await control(world, 'release', 'held');
  expect((await messageOf(world, 'held')).waiting_for).toMatchObject([
    { kind: 'scheduled' },
    { kind: 'batch_suspended', detail: 'the batch spring is suspended' },
  ]);
  await world.engine.execute('tenants.suspend', { tenant_id: 'default' });
  expect((await messageOf(world, 'later')).waiting_for).toMatchObject([
    { kind: 'batch_suspended' },
    { kind: 'scheduled' },
    { kind: 'tenant_suspended' },
  ]);
  await world.engine.execute('tenants.activate', { tenant_id: 'default' });
  await world.engine.execute('batches.activate', { tenant_id: 'default', batch_code });
  await control(world, 'retry', 'held');
  await historyUntil(world, 'held', 'sent');
});
