// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { settableClock } from './clocks.case.ts';
import { inMs, startGatedRelay } from './control-world.case.ts';
import { addAccount, type EngineWorld, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const HOUR_MS = 3_600_000;
/** The sweep has nothing to do with it. */
const NO_SWEEP = { expirySweepMs: 36_000_000 };

async function isLeased(world: EngineWorld, id: string): Promise<boolean> {
  return (await messageOf(world, id)).state === 'leased';
}

test('what expires while it waits for a connection, or for its turn, is not sent', async () => {
  const clock = settableClock();
  await using relay = await startGatedRelay('dot');
  await using world = await openWorld({ clock, delivery: NO_SWEEP });
  await addAccount(world, relay, { max_connections: 1 });
  await world.engine.submit([mail('first')]);
  await relay.reached;
  // One connection: the second asks for it, the third is claimed and has not begun.
  const expires_at = inMs(HOUR_MS);
  await world.engine.submit([mail('second', { expires_at }), mail('third', { expires_at })]);
  await eventually(async () => (await isLeased(world, 'second')) && (await isLeased(world, 'third')));
  clock.forward(2 * HOUR_MS);
  relay.open();
  for (const id of ['second', 'third']) {
    expect(await historyUntil(world, id, 'expired')).toMatchObject([{ event: 'expired', attempt: 0 }]);
    expect(await messageOf(world, id)).toMatchObject({
      state: 'final',
      result: 'expired',
      attempts: 0,
      last_error: 'expired before it could be sent',
      recipients: [{ state: 'expired', attempts: 0 }],
    });
  }
  expect(relay.subjects).toEqual(['first']);
});

test('what expires between two of its transactions is sent to the first recipients only', async () => {
  const clock = settableClock();
  await using relay = await startGatedRelay('dot', {
    onRcpt: (address) => (address.startsWith('two') ? '452 4.5.3 too many recipients' : '250 ok'),
  });
  await using world = await openWorld({ clock, delivery: NO_SWEEP });
  await addAccount(world, relay);
  const to = ['one@example.org', 'two@example.org'];
  await world.engine.submit([mail('m1', { to, expires_at: inMs(HOUR_MS) })]);
  await relay.reached;
  clock.forward(2 * HOUR_MS);
  relay.open();
  await historyUntil(world, 'm1', 'partially_sent');
  expect(await messageOf(world, 'm1')).toMatchObject({
    result: 'partially_sent',
    recipients: [{ state: 'sent' }, { state: 'expired', attempts: 0 }],
  });
  expect(relay.subjects).toEqual(['m1']);
});

test('what waits for something else is given up by the sweep once its time is over', async () => {
  const clock = settableClock();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ clock, delivery: { expirySweepMs: 20 } });
  await addAccount(world, sink);
  await world.engine.execute('tenants.suspend', { tenant_id: 'default' });
  await world.engine.submit([mail('m1', { expires_at: inMs(HOUR_MS) }), mail('m2')]);
  expect(await messageOf(world, 'm1')).toMatchObject({
    state: 'ready',
    waiting_for: [{ kind: 'tenant_suspended' }, {}],
  });
  clock.forward(2 * HOUR_MS);
  expect(await historyUntil(world, 'm1', 'expired')).toMatchObject([{ event: 'expired', possible_duplicate: false }]);
  expect(await messageOf(world, 'm1')).toMatchObject({ state: 'final', result: 'expired' });

  await world.engine.execute('tenants.activate', { tenant_id: 'default' });
  await historyUntil(world, 'm2', 'sent');
  expect(sink.messages).toHaveLength(1);
});
