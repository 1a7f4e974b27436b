// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { control, inMs, startGatedRelay } from './control-world.case.ts';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const HOUR_MS = 3_600_000;

describe('cancel', () => {
  test('while the messages wait for a connection is answered yes, and none of them is ever sent', async () => {
    await using relay = await startGatedRelay('greeting');
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
    await world.engine.submit(ids.map((id) => mail(id)));
    await relay.reached;
    // Some wait for the connection, some are claimed ahead, some are only ready.
    const states = new Set((await Promise.all(ids.map((id) => messageOf(world, id)))).map(({ state }) => state));
    expect([...states].toSorted()).toEqual(['leased', 'ready']);

    const ends = await Promise.all(ids.map((id) => control(world, 'cancel', id)));
    expect(ends).toMatchObject(ids.map((id) => ({ id, state: 'final', result: 'cancelled', attempts: 0 })));
    relay.open();
    await world.engine.submit([mail('after')]);
    await historyUntil(world, 'after', 'sent');
    expect(relay.subjects).toEqual(['after']);
    for (const id of ids) {
      expect(await historyUntil(world, id, 'cancelled')).toMatchObject([{ event: 'cancelled', attempt: 0 }]);
      expect((await messageOf(world, id)).recipients).toMatchObject([{ state: 'cancelled', attempts: 0 }]);
    }
  });

  test('while its relay answers nothing to the connection frees the slot for another message', async () => {
    await using relay = await startGatedRelay('greeting');
    await using sink = await startSmtpSink();
    await using world = await openWorld({ delivery: { maxSends: 1, reservedImmediate: 0 } });
    await addAccount(world, relay, { id: 'stuck' });
    await addAccount(world, sink, { id: 'good' });
    await world.engine.submit([mail('m1', { account_id: 'stuck' })]);
    await relay.reached;
    await control(world, 'cancel', 'm1');
    await world.engine.submit([mail('m2', { account_id: 'good' })]);
    await historyUntil(world, 'm2', 'sent');
  });

  test.each(['MAIL', 'dot'] as const)('after %s is answered in_flight, and the message is sent', async (step) => {
    await using relay = await startGatedRelay(step);
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.reached;
    await expect(control(world, 'cancel', 'm1')).rejects.toMatchObject({ code: 'in_flight' });
    relay.open();
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
    await expect(control(world, 'cancel', 'm1')).rejects.toMatchObject({ code: 'conflict', extra: { result: 'sent' } });
  });

  test('between two attempts keeps what was sent, and nobody else is served', async () => {
    const to = ['good@example.org', 'busy@example.org'];
    await using sink = await startSmtpSink({
      onRcpt: (address) => (address.startsWith('busy') ? { code: 451, text: '4.2.1 try again in 600 seconds' } : null),
    });
    await using world = await openWorld({ retry: { maxDelayMs: HOUR_MS } });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to })]);
    await historyUntil(world, 'm1', 'deferred');
    await control(world, 'cancel', 'm1');
    expect(await messageOf(world, 'm1')).toMatchObject({
      state: 'final',
      result: 'cancelled',
      recipients: [{ state: 'sent' }, { state: 'cancelled' }],
      waiting_for: [],
    });
  });
});

describe('suspension of a tenant', () => {
  test('takes back what is claimed and not begun, lets end what is under way, and activation goes on in order', async () => {
    await using relay = await startGatedRelay('MAIL');
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await world.engine.execute('tenants.create', { id: 'acme' });
    await addAccount(world, relay, { tenant_id: 'acme', id: 'acme', max_connections: 1 });
    await addAccount(world, sink);
    const ids = Array.from({ length: 8 }, (_, index) => `m${index}`);
    await world.engine.submit(
      ids.map((id) => mail(id)),
      { tenantId: 'acme' },
    );
    await relay.reached;

    expect(await world.engine.execute('tenants.suspend', { tenant_id: 'acme' })).toMatchObject({ suspended: true });
    relay.open();
    await eventsUntil(world, ({ event }) => event === 'sent', 'acme');
    // Accepted meanwhile, it waits as the others; mail of others goes.
    await world.engine.submit([mail('m8')], { tenantId: 'acme' });
    await world.engine.submit([mail('other')]);
    await historyUntil(world, 'other', 'sent');
    expect(relay.subjects).toEqual(['m0']);
    for (const id of [...ids.slice(1), 'm8']) {
      const waiting = await world.engine.execute('messages.get', { message_id: id, tenant_id: 'acme' });
      expect(waiting).toMatchObject({ state: 'ready', attempts: 0, waiting_for: [{ kind: 'tenant_suspended' }, {}] });
    }

    await world.engine.execute('tenants.activate', { tenant_id: 'acme' });
    const events = await eventsUntil(world, (_, all) => all.length === 9, 'acme');
    expect(relay.subjects).toEqual([...ids, 'm8']);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
  });

  test('outlives a restart', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    await using sink = await startSmtpSink();
    {
      await using world = await openWorld({ database });
      await world.engine.execute('tenants.create', { id: 'acme' });
      await addAccount(world, sink, { tenant_id: 'acme', id: 'acme' });
      await addAccount(world, sink);
      await world.engine.execute('tenants.suspend', { tenant_id: 'acme' });
      await world.engine.submit([mail('m1')], { tenantId: 'acme' });
    }
    await using world = await openWorld({ database });
    await world.engine.submit([mail('other')]);
    await historyUntil(world, 'other', 'sent');
    expect(sink.messages).toHaveLength(1);
    await world.engine.execute('tenants.activate', { tenant_id: 'acme' });
    await eventsUntil(world, ({ id, event }) => id === 'm1' && event === 'sent', 'acme');
  });
});

describe('suspension of a batch', () => {
  test('parks its messages, those that are claimed included, and no other of the account', async () => {
    await using relay = await startGatedRelay('greeting');
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    const ids = Array.from({ length: 6 }, (_, index) => `m${index}`);
    await world.engine.submit([...ids.map((id) => mail(id, { batch_code: 'spring' })), mail('other')]);
    await relay.reached;

    const suspended = await world.engine.execute('batches.suspend', { batch_code: 'spring' });
    expect(suspended).toMatchObject({ batch_code: 'spring', suspended: true });
    relay.open();
    await historyUntil(world, 'other', 'sent');
    const late = await world.engine.execute('messages.create', mail('m6', { batch_code: 'spring' }));
    expect(late).toMatchObject({ state: 'suspended' });
    await world.engine.submit([mail('more')]);
    await historyUntil(world, 'more', 'sent');
    expect(relay.subjects).toEqual(['other', 'more']);
    for (const id of [...ids, 'm6']) {
      expect(await messageOf(world, id), id).toMatchObject({
        attempts: 0,
        result: null,
        waiting_for: expect.arrayContaining([expect.objectContaining({ kind: 'batch_suspended', scope: 'batch' })]),
      });
    }
    expect(await world.engine.execute('batches.list', {})).toMatchObject({ items: [{ batch_code: 'spring' }] });

    const activated = await world.engine.execute('batches.activate', { batch_code: 'spring' });
    expect(activated).toMatchObject({ suspended: false });
    const events = await eventsUntil(world, (_, all) => all.length === 9);
    expect(relay.subjects).toEqual(['other', 'more', ...ids, 'm6']);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
    expect(await world.engine.execute('batches.list', {})).toMatchObject({ items: [] });
  });

  test('keeps a retry back that is under way when it begins, until it is activated', async () => {
    let refusals = 0;
    await using relay = await startGatedRelay('dot', {
      onRcpt() {
        refusals += 1;
        return refusals === 1 ? '451 4.3.0 not now' : '250 ok';
      },
    });
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    await world.engine.submit([mail('m1', { batch_code: 'spring' })]);
    await historyUntil(world, 'm1', 'deferred');
    await world.engine.execute('batches.suspend', { batch_code: 'spring' });
    relay.open();
    await world.engine.execute('batches.activate', { batch_code: 'spring' });
    await historyUntil(world, 'm1', 'sent');
    expect(relay.subjects).toEqual(['m1']);
  });
});

describe('hold, release and reschedule', () => {
  test('a held message is not sent until it is released, and both are told', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { send_at: inMs(2_000) })]);
    expect(await control(world, 'hold', 'm1')).toMatchObject({ state: 'held' });
    // Its time comes and goes.
    await world.engine.submit([mail('m2', { send_at: inMs(2_100) })]);
    await historyUntil(world, 'm2', 'sent');
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'held', attempts: 0 });
    expect(await control(world, 'release', 'm1')).toMatchObject({ result: null });
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['held', 0],
      ['released', 0],
      ['sent', 1],
    ]);
    await expect(control(world, 'release', 'm1')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a message released before its time waits for its time', async () => {
    await using world = await openWorld();
    await addAccount(world, { port: 9 });
    const send_at = inMs(HOUR_MS);
    await world.engine.submit([mail('m1', { send_at })]);
    await control(world, 'hold', 'm1');
    expect(await control(world, 'release', 'm1')).toMatchObject({ state: 'deferred', next_attempt_at: send_at });
  });

  test('a scheduled message that is given a time in the past goes at once', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { send_at: inMs(24 * HOUR_MS) })]);
    await control(world, 'reschedule', 'm1', { send_at: inMs(-1_000) });
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  });

  test('a ready message that is put off is not sent with the others', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.execute('instance.pause', {});
    await world.engine.submit([mail('m1'), mail('m2')]);
    const send_at = inMs(HOUR_MS);
    expect(await control(world, 'reschedule', 'm1', { send_at })).toMatchObject({
      state: 'deferred',
      next_attempt_at: send_at,
    });
    await world.engine.execute('instance.resume', {});
    await historyUntil(world, 'm2', 'sent');
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'deferred', attempts: 0 });
    expect(sink.messages).toHaveLength(1);
  });
});

describe('a message that is claimed and has not reached MAIL', () => {
  test('is held, and goes once when it is released', async () => {
    await using relay = await startGatedRelay('greeting');
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.reached;
    await control(world, 'hold', 'm1');
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'held', waiting_for: [{ kind: 'held' }] });
    relay.open();
    await control(world, 'release', 'm1');
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['held', 0],
      ['released', 0],
      ['sent', 1],
    ]);
    expect(relay.subjects).toEqual(['m1']);
  });

  test('is rescheduled, and goes at its new time', async () => {
    await using relay = await startGatedRelay('greeting');
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('later'), mail('now')]);
    await relay.reached;
    await control(world, 'reschedule', 'later', { send_at: inMs(HOUR_MS) });
    await control(world, 'reschedule', 'now', { send_at: inMs(-HOUR_MS) });
    relay.open();
    await historyUntil(world, 'now', 'sent');
    expect(await messageOf(world, 'later')).toMatchObject({ state: 'deferred', attempts: 0 });
    await control(world, 'retry', 'later');
    await historyUntil(world, 'later', 'sent');
    expect(relay.subjects).toEqual(['now', 'later']);
  });

  test('cannot be held once MAIL is written: 409 in_flight', async () => {
    await using relay = await startGatedRelay('MAIL');
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.reached;
    await expect(control(world, 'hold', 'm1')).rejects.toMatchObject({ code: 'in_flight' });
    relay.open();
    await historyUntil(world, 'm1', 'sent');
  });
});

describe('a pause of the instance', () => {
  test('stops what is claimed and has not reached MAIL, outlives a restart, and its end lets all go', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    await using relay = await startGatedRelay('greeting');
    const ids = Array.from({ length: 5 }, (_, index) => `m${index}`);
    {
      await using world = await openWorld({ database });
      await addAccount(world, relay, { max_connections: 1 });
      await world.engine.submit(ids.map((id) => mail(id)));
      await relay.reached;
      await world.engine.execute('instance.pause', {});
      relay.open();
    }
    await using world = await openWorld({ database });
    expect(await world.engine.execute('instance.get', {})).toMatchObject({ waiting: 5, by_state: { ready: 5 } });
    await world.engine.submit([mail('m5')]);
    expect(await messageOf(world, 'm5')).toMatchObject({
      state: 'ready',
      waiting_for: [
        { kind: 'instance_paused', scope: 'instance', until: null },
        { kind: 'turn', position: 5 },
      ],
    });
    expect(relay.subjects).toEqual([]);
    await world.engine.execute('instance.resume', {});
    const events = await eventsUntil(world, (_, all) => all.length === 6);
    expect(relay.subjects).toEqual([...ids, 'm5']);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
  });

  test('lets end what reached MAIL', async () => {
    await using relay = await startGatedRelay('MAIL');
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.reached;
    await world.engine.execute('instance.pause', {});
    relay.open();
    await historyUntil(world, 'm1', 'sent');
  });
});

describe('bulk', () => {
  test('with dry_run counts and changes nothing; without, it changes what it counted', async () => {
    await using relay = await startGatedRelay('dot');
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    await world.engine.submit([mail('flying', { batch_code: 'spring' })]);
    await relay.reached;
    await world.engine.execute('instance.pause', {});
    const ids = Array.from({ length: 7 }, (_, index) => `m${index}`);
    await world.engine.submit(ids.map((id) => mail(id, { batch_code: 'spring' })));
    await world.engine.submit([mail('other')]);
    await control(world, 'hold', 'm0');

    const filter = { batch_code: 'spring' };
    const hold = { action: 'hold', filter };
    const counted = await world.engine.execute('messages.bulk', { ...hold, dry_run: true });
    expect(counted).toEqual({ matched: 8, changed: 6, skipped: 2 });
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'ready' });
    expect(await world.engine.execute('messages.bulk', hold)).toEqual(counted);
    for (const id of ids) expect(await messageOf(world, id)).toMatchObject({ state: 'held' });
    expect(await messageOf(world, 'other')).toMatchObject({ state: 'ready' });

    const cancel = { action: 'cancel', filter: { ids: ['m0', 'm1', 'nobody'] } };
    expect(await world.engine.execute('messages.bulk', cancel)).toEqual({ matched: 2, changed: 2, skipped: 0 });
    expect(await world.engine.execute('messages.bulk', { action: 'release', filter })).toMatchObject({ changed: 5 });
    relay.open();
    await world.engine.execute('instance.resume', {});
    for (const id of ['flying', 'other', ...ids.slice(2)]) await historyUntil(world, id, 'sent');
    expect(relay.subjects.toSorted()).toEqual(['flying', 'm2', 'm3', 'm4', 'm5', 'm6', 'other']);
  });

  test('cancels what waits for a connection, and leaves what reached MAIL', async () => {
    await using relay = await startGatedRelay('MAIL');
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    const ids = Array.from({ length: 6 }, (_, index) => `m${index}`);
    await world.engine.submit(ids.map((id) => mail(id, { batch_code: 'spring' })));
    await relay.reached;
    const cancel = { action: 'cancel', filter: { batch_code: 'spring' } };
    expect(await world.engine.execute('messages.bulk', cancel)).toEqual({ matched: 6, changed: 5, skipped: 1 });
    relay.open();
    await historyUntil(world, 'm0', 'sent');
    await world.engine.submit([mail('after')]);
    await historyUntil(world, 'after', 'sent');
    expect(relay.subjects).toEqual(['m0', 'after']);
  });
});
