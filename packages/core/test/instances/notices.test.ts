// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startScriptedPeer, startSmtpSink } from '@mail-proxy/testkit';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { addAccount, type EngineWorld, eventsUntil, mail, serveMail } from '../engine/engine-world.case.ts';
import { openInstances, skipReason } from './instances-world.case.ts';

/** Less than what it takes until an instance looks by itself: 15 s. */
const SOON = { timeoutMs: 12_000 };

const hears = ({ logged }: EngineWorld, times = 1): Promise<boolean> =>
  eventually(() => logged.filter((line) => line.includes('listening to other instances')).length >= times);

describe.skipIf(skipReason !== '')('instances tell each other', () => {
  test('of accepted mail: one at rest sends what another that does not send has accepted', async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    const accepting = await instances.open({ start: false });
    const sending = await instances.open();
    await addAccount(accepting, sink);
    await hears(sending);
    await accepting.engine.submit([mail('m1')]);
    await sink.waitFor(1, SOON);
    await accepting.engine.submit([mail('m2', { priority: 'immediate' })]);
    await sink.waitFor(2, SOON);
  });

  test('of events that got their numbers: who waits for them at another one is answered', async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    const sending = await instances.open();
    const reading = await instances.open();
    await addAccount(sending, sink);
    await hears(reading);
    const answered = reading.engine.execute('events.list', { tenant_id: 'default', wait: 60 });
    await sending.engine.submit([mail('m1')]);
    expect(await answered).toMatchObject({ items: [{ message_id: 'm1', type: 'sent', seq: 1 }] });
  });

  test('again after the listening connection was cut, and what came meanwhile is found', async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    const accepting = await instances.open({ start: false });
    const sending = await instances.open();
    await addAccount(accepting, sink);
    await hears(sending);
    await cutListeners(instances.url);
    await accepting.engine.submit([mail('m1')]);
    await sink.waitFor(1, SOON);
    await hears(sending, 2);
    await accepting.engine.submit([mail('m2')]);
    await sink.waitFor(2, SOON);
    expect(sending.logged.filter((line) => line.includes('other instances are not heard'))).toHaveLength(1);
  });

  test('of an address that was suppressed: mail to it is refused, though the list was just found to be empty', async () => {
    await using instances = await openInstances();
    const one = await instances.open({ start: false });
    const other = await instances.open({ clock: hardlyMoving() });
    await addAccount(one, { port: 1 });
    await hears(other);
    let count = 0;
    const submit = () => other.engine.submit([mail(`m${count++}`)]);
    expect(await submit()).toMatchObject({ accepted: 1 });
    await one.engine.execute('suppressions.add', { address: 'one@example.org' });
    await eventually(async () => expect(await submit()).toMatchObject({ results: [{ code: 'suppressed' }] }), SOON);
    await one.engine.execute('suppressions.remove', { address: 'one@example.org' });
    await eventually(async () => expect(await submit()).toMatchObject({ accepted: 1 }), SOON);
  });

  test('nothing of lists is remembered by one that hears nothing', async () => {
    await using instances = await openInstances();
    const one = await instances.open({ start: false });
    const deaf = await instances.open({ start: false, clock: hardlyMoving() });
    await addAccount(one, { port: 1 });
    expect(await deaf.engine.submit([mail('m1')])).toMatchObject({ accepted: 1 });
    await one.engine.execute('suppressions.add', { address: 'one@example.org' });
    expect(await deaf.engine.submit([mail('m2')])).toMatchObject({ results: [{ code: 'suppressed' }] });
  });

  test('of a key that was revoked: it is refused although it was just used', async () => {
    await using instances = await openInstances();
    const one = await instances.open({ start: false });
    const other = await instances.open({ clock: hardlyMoving() });
    await hears(other);
    const made = (await one.engine.execute('api-keys.create', { tenant_id: 'default' })) as {
      readonly id: string;
      readonly api_key: string;
    };
    expect(await other.engine.authenticate(made.api_key)).toMatchObject({ tenantId: 'default' });
    await one.engine.execute('api-keys.revoke', { tenant_id: 'default', key_id: made.id });
    await eventually(async () => {
      await expect(other.engine.authenticate(made.api_key)).rejects.toMatchObject({ code: 'unauthenticated' });
    }, SOON);
  });

  test('nothing of keys is remembered by one that hears nothing: what was revoked is refused by the next call', async () => {
    await using instances = await openInstances();
    const one = await instances.open({ start: false });
    // It listens once it is started, and time in which it might remember does not pass.
    const deaf = await instances.open({ start: false, clock: hardlyMoving() });
    const made = (await one.engine.execute('api-keys.create', { tenant_id: 'default' })) as {
      readonly id: string;
      readonly api_key: string;
    };
    const key = { tenant_id: 'default', key_id: made.id };
    expect(await deaf.engine.authenticate(made.api_key)).toMatchObject({ limits: { scopes: null } });
    await one.engine.execute('api-keys.update', { ...key, scopes: ['messages:read'] });
    expect(await deaf.engine.authenticate(made.api_key)).toMatchObject({ limits: { scopes: ['messages:read'] } });
    await one.engine.execute('api-keys.revoke', key);
    await expect(deaf.engine.authenticate(made.api_key)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('of an account that was changed: what waits for it goes to its new relay', async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    const one = await instances.open({ start: false });
    const other = await instances.open({ delivery: { accountPauseMs: 600_000 } });
    await hears(other);
    await using locked = await startScriptedPeer((client) =>
      serveMail(client, { onMail: () => '530 5.7.0 authentication required' }),
    );
    await addAccount(one, locked);
    await one.engine.submit([mail('m1')]);
    await eventsUntil(other, ({ event }) => event === 'account_paused');
    await one.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', port: sink.port });
    await sink.waitFor(1, SOON);
  });
});

describe.skipIf(skipReason !== '')('from its answer on, nothing is begun by any instance of', () => {
  test.each([
    ['a suspended batch', 'batches.suspend', 'batches.activate', { batch_code: 'spring' }],
    ['a paused account', 'accounts.pause', 'accounts.resume', { tenant_id: 'default', account_id: 'main' }],
    ['a suspended tenant', 'tenants.suspend', 'tenants.activate', { tenant_id: 'default' }],
    ['what is stopped altogether', 'instance.pause', 'instance.resume', {}],
  ])('%s', async (_, stop, goOn, input) => {
    const begun: string[] = [];
    const taken: string[] = [];
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        async onMail() {
          begun.push('mail');
          await systemClock.sleep(60);
          return '250 ok';
        },
        onMessage({ to }) {
          taken.push(...to);
          return '250 queued';
        },
      }),
    );
    await using instances = await openInstances();
    const one = await instances.open();
    // It waits for a second at most until the first has heard of it, and a busy machine may need more.
    const other = await instances.open({ clock: hardlyMoving() });
    await Promise.all([hears(one), hears(other)]);
    await addAccount(one, relay, { max_connections: 4 });
    const to = Array.from({ length: 60 }, (_unused, index) => `to-${index}@example.org`);
    await one.engine.submit(to.map((address, index) => mail(`m${index}`, { to: [address], batch_code: 'spring' })));
    await eventually(() => taken.length >= 8);

    await other.engine.execute(stop, input);
    const atAnswer = begun.length;
    expect(atAnswer).toBeLessThan(60);
    // What was begun ends; then nothing is under way, on either instance.
    await eventually(() => taken.length === atAnswer);
    for (const { engine } of [one, other]) {
      await eventually(async () => {
        expect(await engine.execute('instance.get', {})).toMatchObject({ sending: 0, claimed: 0 });
      });
    }
    expect(begun).toHaveLength(atAnswer);

    await other.engine.execute(goOn, input);
    await eventually(() => taken.length === 60);
    expect(taken.toSorted()).toEqual(to.toSorted());
  });
});

async function cutListeners(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const { rowCount } = await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'`,
  );
  await client.end();
  expect(rowCount).toBe(1);
}

/** Time in which what lasts a second, such as what a cache keeps, lasts a quarter of an hour. */
function hardlyMoving(): Clock {
  return { ...systemClock, monotonic: () => systemClock.monotonic() / 1_000 };
}
