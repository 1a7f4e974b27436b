// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { createTestCertificate, startScriptedPeer, startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import {
  addAccount,
  eventsUntil,
  headerOf,
  historyUntil,
  mail,
  messageOf,
  openWorld,
  serveMail,
} from './engine-world.case.ts';

describe('what a relay refuses', () => {
  test('451 after DATA keeps the message and retries it with the same Message-ID and Date', async () => {
    const bodies: string[] = [];
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onMessage({ body }) {
          bodies.push(body);
          return bodies.length < 3 ? '451 4.3.0 not now' : '250 2.0.0 queued';
        },
      }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    const history = await historyUntil(world, 'm1', 'sent');

    expect(history).toMatchObject([
      { event: 'deferred', attempt: 1, deferred_reason: expect.stringContaining('451 4.3.0 not now') },
      { event: 'deferred', attempt: 2, next_attempt_ts: expect.any(Number) },
      { event: 'sent', attempt: 3, possible_duplicate: false },
    ]);
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies.map((body) => headerOf(body, 'Message-ID'))).size).toBe(1);
    expect(new Set(bodies.map((body) => headerOf(body, 'Date'))).size).toBe(1);
    const view = await messageOf(world, 'm1');
    expect(headerOf(bodies[0] ?? '', 'Message-ID')).toBe(view.message_id);
    expect(view).toMatchObject({ state: 'final', result: 'sent', attempts: 3, last_error: null });
  });

  test('550 for one of three, 451 for another: only that other one is tried again, and the end is partially_sent', async () => {
    const asked: string[] = [];
    await using sink = await startSmtpSink({
      onRcpt(address, attempt) {
        asked.push(address);
        if (address.startsWith('unknown')) return { code: 550, text: '5.1.1 no such user' };
        if (address.startsWith('busy') && attempt === 1) return { code: 451, text: '4.2.1 busy' };
        return null;
      },
    });
    await using world = await openWorld();
    await addAccount(world, sink);
    const to = ['unknown@example.org', 'busy@example.org', 'good@example.org'];
    await world.engine.submit([mail('m1', { to })]);
    const history = await historyUntil(world, 'm1', 'partially_sent');

    expect(asked).toEqual([...to, 'busy@example.org']);
    expect(sink.messages.map((message) => message.to)).toEqual([['good@example.org'], ['busy@example.org']]);
    expect(history.map(({ event, recipients }) => [event, recipients.map(({ state }) => state)])).toEqual([
      ['deferred', ['failed', 'pending', 'sent']],
      ['partially_sent', ['sent']],
    ]);
    const view = await messageOf(world, 'm1');
    expect(view).toMatchObject({
      state: 'final',
      result: 'partially_sent',
      attempts: 2,
      sent_ts: Math.floor(Date.parse(view.final_at ?? '') / 1_000),
    });
    expect(view.recipients).toMatchObject([
      { address: 'unknown@example.org', state: 'failed', attempts: 1, stage: 'rcpt', code: 550, enhanced: '5.1.1' },
      { address: 'busy@example.org', state: 'sent', attempts: 2 },
      { address: 'good@example.org', state: 'sent', attempts: 1 },
    ]);
  });

  test('a recipient beyond ASCII at a relay without SMTPUTF8 fails alone, and the others are sent', async () => {
    await using sink = await startSmtpSink({ hide: ['SMTPUTF8'] });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: ['plain@example.org'], bcc: ['zoë@example.org'] })]);
    await historyUntil(world, 'm1', 'partially_sent');
    expect(sink.messages.map(({ to }) => to)).toEqual([['plain@example.org']]);
    expect((await messageOf(world, 'm1')).recipients).toMatchObject([
      { address: 'plain@example.org', state: 'sent' },
      { address: 'zoë@example.org', state: 'failed', stage: 'rcpt', code: 553, enhanced: '5.6.7' },
    ]);
  });

  test('550 for the only recipient fails the message at once', async () => {
    await using sink = await startSmtpSink({ onRcpt: () => ({ code: 550, text: '5.1.1 no such user' }) });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1')]);
    const history = await historyUntil(world, 'm1', 'error');
    expect(history).toMatchObject([{ event: 'error', attempt: 1, error: expect.stringContaining('550 5.1.1') }]);
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'final', result: 'failed', sent_ts: null });
    expect(sink.messages).toEqual([]);
  });
});

describe('connections that break', () => {
  test('disconnect in DATA defers the message without a possible duplicate, and it is sent on a new connection', async () => {
    await using relay = await startScriptedPeer(async (client, ordinal) => {
      if (ordinal > 1) return serveMail(client);
      await client.send('220 relay.test\r\n');
      await client.expect(/^EHLO /);
      await client.send('250 relay.test\r\n');
      await client.expect(/^MAIL /);
      await client.send('250 ok\r\n');
      await client.expect(/^RCPT /);
      await client.send('250 ok\r\n');
      await client.expect(/^DATA/);
      await client.send('354 go\r\n');
      await client.line();
      client.reset();
    });
    await using world = await openWorld();
    await addAccount(world, relay);
    // More than the buffers of the system hold, so that the cut comes before the dot. In lines of the length to which
    // an encoding would fold them: the relay reads line by line.
    await world.engine.submit([mail('m1', { text: `${'A line that goes on. '.repeat(3)}\n`.repeat(330_000) })]);
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history).toMatchObject([
      { event: 'deferred', possible_duplicate: false },
      { event: 'sent', attempt: 2 },
    ]);
  });

  test('replies that come byte by byte are read like others', async () => {
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, { slowly: true, extensions: ['PIPELINING', '8BITMIME', 'SIZE 1000000'] }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1', { to: ['a@example.org', 'b@example.org'] })]);
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  });

  test('421 on an idle connection is tried again at once and counts as no attempt', async () => {
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, {
        onMail: (transaction) => (ordinal === 1 && transaction === 2 ? '421 4.4.2 idle for too long' : '250 ok'),
      }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    await world.engine.submit([mail('m2')]);
    expect(await historyUntil(world, 'm2', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
    expect((await messageOf(world, 'm2')).attempts).toBe(1);
    expect(relay.connections).toBe(2);
  });

  test('an idle connection that the relay has closed counts as no attempt', async () => {
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, { onMail: (transaction) => (ordinal === 1 && transaction === 2 ? null : '250 ok') }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    await world.engine.submit([mail('m2')]);
    expect(await historyUntil(world, 'm2', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  });

  test('no answer after the final dot defers the message as a possible duplicate, and it is sent again', async () => {
    const bodies: string[] = [];
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, {
        async onMessage({ body }) {
          bodies.push(body);
          if (ordinal === 1) await client.hang();
          return '250 queued';
        },
      }),
    );
    await using world = await openWorld({ delivery: { dotMs: 200 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    const history = await historyUntil(world, 'm1', 'sent');
    expect(history).toMatchObject([
      { event: 'deferred', attempt: 1, possible_duplicate: true },
      { event: 'sent', attempt: 2 },
    ]);
    expect(new Set(bodies).size).toBe(1);
  });

  test('a disconnect after the final dot is a possible duplicate too', async () => {
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, { onMessage: () => (ordinal === 1 ? null : '250 queued') }),
    );
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
      { event: 'deferred', possible_duplicate: true },
      { event: 'sent' },
    ]);
  });
});

describe('relays that cannot be used', () => {
  test('a refused connection defers the message, which is sent when the relay is up', async () => {
    const gone = await startScriptedPeer(async () => {});
    const { port } = gone;
    await gone.close(); // nobody listens there now
    await using world = await openWorld();
    await addAccount(world, { port });
    await world.engine.submit([mail('m1')]);
    const [first] = await historyUntil(world, 'm1', 'deferred');
    expect(first).toMatchObject({ event: 'deferred', recipients: [{ state: 'pending', code: null }] });

    await using sink = await startSmtpSink();
    await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', port: sink.port });
    await sink.waitFor(1);
    expect((await historyUntil(world, 'm1', 'sent')).at(-1)).toMatchObject({ event: 'sent' });
  });

  test('STARTTLS required and not offered pauses the account, and no credentials are on the wire', async () => {
    const lines: string[] = [];
    await using relay = await startScriptedPeer(async (client) => {
      await client.send('220 relay.test\r\n');
      for (;;) {
        const line = await client.line();
        lines.push(line);
        const isGreeting = line.startsWith('EHLO');
        await client.send(isGreeting ? '250-relay.test\r\n250 AUTH PLAIN LOGIN\r\n' : '221 bye\r\n');
        if (!isGreeting) return;
      }
    });
    await using world = await openWorld({ delivery: { accountPauseMs: 600_000, accountPauseMaxMs: 600_000 } });
    await addAccount(world, relay, { user: 'someone', password: 'hunter2-secret', tls: 'starttls' });
    await world.engine.submit([mail('m1')]);
    const events = await eventsUntil(world, () => true);
    expect(events).toMatchObject([{ event: 'account_paused', account_id: 'main' }]);
    // The pause is told before the message is given back.
    await expect.poll(() => messageOf(world, 'm1')).toMatchObject({ state: 'ready', attempts: 0 });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^(EHLO client\.test|QUIT)$/.test(line))).toEqual([]);
  });

  test('a certificate that nobody trusts pauses the account, and no credentials are sent', async () => {
    const seen: (string | undefined)[] = [];
    const users = { someone: 'hunter2-secret' };
    await using sink = await startSmtpSink({
      users,
      tls: { ...createTestCertificate(), mode: 'starttls' },
      onMessage(message) {
        seen.push(message.user);
        return null;
      },
    });
    await using world = await openWorld({ delivery: { accountPauseMs: 600_000, accountPauseMaxMs: 600_000 } });
    await addAccount(world, sink, { user: 'someone', password: users.someone, tls: 'starttls' });
    await world.engine.submit([mail('m1')]);
    expect(await eventsUntil(world, () => true)).toMatchObject([{ event: 'account_paused', account_id: 'main' }]);
    expect(await messageOf(world, 'm1')).toMatchObject({ result: null, attempts: 0 });
    expect(seen).toEqual([]);

    await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', tls_insecure: true });
    await historyUntil(world, 'm1', 'sent');
    expect(sink.messages).toMatchObject([{ user: 'someone', secure: true }]);
  });

  test('a relay that hangs delays no other account', async () => {
    const hanging = Promise.withResolvers<void>();
    await using stuck = await startScriptedPeer(async (client) => {
      hanging.resolve();
      await client.hang();
    });
    await using sink = await startSmtpSink();
    // Nothing of the stuck account ends before the test does.
    await using world = await openWorld({ delivery: { greetingMs: 600_000, maxSends: 20, reservedImmediate: 1 } });
    await addAccount(world, stuck, { id: 'stuck', max_connections: 2 });
    await addAccount(world, sink, { id: 'good' });
    await world.engine.submit(
      Array.from({ length: 200 }, (_, index) => mail(`stuck ${index}`, { account_id: 'stuck', priority: 'high' })),
    );
    await hanging.promise;
    await world.engine.submit(
      Array.from({ length: 50 }, (_, index) => mail(`good ${index}`, { account_id: 'good', priority: 'low' })),
    );
    const events = await eventsUntil(world, (_, all) => all.length === 50);
    expect(new Set(events.map(({ account_id, event }) => `${account_id} ${event}`))).toEqual(new Set(['good sent']));
  });
});

test('relays that hang, more of them than there are slots, delay no other account for long', async () => {
  await using stuck = await startScriptedPeer((client) => client.hang());
  await using sink = await startSmtpSink();
  await using world = await openWorld({ delivery: { greetingMs: 600_000 } });
  for (const id of ['stuck-1', 'stuck-2', 'stuck-3', 'stuck-4', 'stuck-5']) {
    await addAccount(world, stuck, { id });
    await world.engine.submit(Array.from({ length: 100 }, (_, index) => mail(`${id} ${index}`, { account_id: id })));
  }
  await addAccount(world, sink, { id: 'good' });
  await world.engine.submit(Array.from({ length: 20 }, (_, index) => mail(`good ${index}`, { account_id: 'good' })));
  const events = await eventsUntil(world, (_, all) => all.length === 20);
  expect(new Set(events.map(({ account_id, event }) => `${account_id} ${event}`))).toEqual(new Set(['good sent']));
});

describe('bugs of mixins', () => {
  test.each(['composing', 'admitting'] as const)(
    'a %s hook that throws fails the attempt, not the process, and no other message',
    async (hook) => {
      const failing = defineMixin({
        id: 'failing',
        contract: 1,
        setup: () => ({
          hooks: {
            [hook](first: unknown, second: { readonly id?: string; readonly attempt?: number }) {
              // composing is given the message second, admitting first
              const message = (hook === 'composing' ? second : first) as {
                readonly id: string;
                readonly attempt: number;
              };
              if (message.id === 'bad' && message.attempt < 3) throw new TypeError('a bug of the mixin');
              return hook === 'composing' ? first : null;
            },
          },
        }),
      });
      await using sink = await startSmtpSink();
      await using world = await openWorld({ mixins: [failing] });
      await addAccount(world, sink);
      await world.engine.submit([mail('bad'), mail('good')]);
      await historyUntil(world, 'good', 'sent');
      const history = await historyUntil(world, 'bad', 'sent');
      expect(history).toMatchObject([
        { event: 'deferred', attempt: 1, deferred_reason: expect.stringContaining('a bug of the mixin') },
        { event: 'deferred', attempt: 2 },
        { event: 'sent', attempt: 3 },
      ]);
      await expect.poll(() => world.engine.ready()).toMatchObject({ ready: true });
      expect(world.logged.filter((line) => line.includes('an attempt failed by a bug'))).toHaveLength(2);
    },
  );
});
