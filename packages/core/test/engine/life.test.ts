// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { createMailEngine } from '@mail-proxy/core';
import { eventually, startScriptedPeer, startSmtpSink, tempDir } from '@mail-proxy/testkit';
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

/** A relay that keeps its first answer to a message until it is released. */
async function startHeldRelay() {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const ids: string[] = [];
  const relay = await startScriptedPeer((client) =>
    serveMail(client, {
      async onMessage({ body }) {
        arrived.resolve();
        await released.promise;
        ids.push(headerOf(body, 'X-Genro-Mail-ID') ?? '');
        return '250 queued';
      },
    }),
  );
  return {
    port: relay.port,
    /** A message is there, up to its dot. */
    arrived: arrived.promise,
    release: released.resolve,
    /** Of the messages that were answered 250, in their order. */
    ids,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

test('two engines in one process deliver from two files and know nothing of each other', async () => {
  await using sink = await startSmtpSink();
  await using first = await openWorld();
  await using second = await openWorld();
  for (const world of [first, second]) await addAccount(world, sink);
  await Promise.all([first.engine.submit([mail('m1')]), second.engine.submit([mail('m1'), mail('m2')])]);
  await historyUntil(first, 'm1', 'sent');
  await historyUntil(second, 'm1', 'sent');
  await historyUntil(second, 'm2', 'sent');
  await expect(messageOf(first, 'm2')).rejects.toMatchObject({ code: 'not_found' });
  await first.engine.stop();
  await second.engine.submit([mail('m3')]);
  await historyUntil(second, 'm3', 'sent');
  expect(sink.messages).toHaveLength(4);
});

describe('stop', () => {
  test('lets a running send finish, and the next engine delivers what was only claimed', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    await using relay = await startHeldRelay();
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    {
      await using world = await openWorld({ database });
      await addAccount(world, relay, { max_connections: 1 });
      await world.engine.submit(ids.map((id) => mail(id)));
      await relay.arrived;
      const stopping = world.engine.stop();
      relay.release();
      await stopping;
      expect(await messageOf(world, 'm0')).toMatchObject({ state: 'final', result: 'sent', attempts: 1 });
      const instance = await world.engine.execute('instance.get', {});
      expect(instance).toMatchObject({ sending: 0, claimed: 0 });
      const { sent, ready } = statesOf(instance);
      expect(sent).toBe(relay.ids.length);
      expect(sent).toBeLessThan(ids.length);
      expect(ready).toBe(ids.length - sent);
      await expect(world.engine.submit([mail('too late')])).rejects.toMatchObject({ code: 'stopping' });
    }
    await using world = await openWorld({ database });
    const events = await eventsUntil(world, (_, all) => all.length === ids.length);
    expect(new Set(events.map(({ event, attempt }) => `${event} ${attempt}`))).toEqual(new Set(['sent 1']));
    expect(relay.ids).toEqual(ids);
  });

  test('cuts a relay that hangs once the deadline has passed, and the message is delivered after the restart', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    const arrived = Promise.withResolvers<void>();
    await using relay = await startScriptedPeer((client, ordinal) =>
      serveMail(client, {
        async onMessage() {
          arrived.resolve();
          if (ordinal === 1) await client.hang();
          return '250 queued';
        },
      }),
    );
    {
      await using world = await openWorld({ database, delivery: { dotMs: 600_000 } });
      await addAccount(world, relay, { max_connections: 1 });
      await world.engine.submit([mail('m1'), mail('m2')]);
      await arrived.promise;
      await world.engine.stop({ deadlineMs: 50 });
      const instance = await world.engine.execute('instance.get', {});
      expect(instance).toMatchObject({ sending: 0, claimed: 0, waiting: 2 });
      expect(await messageOf(world, 'm1')).toMatchObject({ state: 'deferred', attempts: 1 });
      expect(await messageOf(world, 'm2')).toMatchObject({ state: 'ready', attempts: 0 });
    }
    await using world = await openWorld({ database });
    // The relay may have taken it: nobody knows, so it is told and sent again.
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
      { event: 'deferred', possible_duplicate: true },
      { event: 'sent' },
    ]);
    expect(await historyUntil(world, 'm2', 'sent')).toHaveLength(1);
  });

  test('called twice at the same time is one stop, and disposing waits for it', async () => {
    await using relay = await startHeldRelay();
    await using world = await openWorld();
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.arrived;
    const ended: string[] = [];
    const stopping = [
      world.engine.stop().then(() => ended.push('first')),
      world.engine.stop().then(() => ended.push('second')),
    ];
    const disposing = world.engine[Symbol.asyncDispose]().then(() => ended.push('disposed'));
    relay.release();
    await Promise.all([...stopping, disposing]);
    expect(ended.at(-1)).toBe('disposed');
    expect(relay.ids).toEqual(['m1']);
    expect(world.logged.filter((line) => JSON.parse(line).level === 'error')).toEqual([]);
    // The outcome was written before the database was closed.
    await using again = await openWorld({ database: world.database });
    expect(await messageOf(again, 'm1')).toMatchObject({ state: 'final', result: 'sent' });
  });

  test('an engine that was never started can be stopped and disposed of, and keeps what it accepted', async () => {
    using dir = tempDir();
    await using sink = await startSmtpSink();
    {
      await using world = await openWorld({ database: dir.file('mail.db'), start: false });
      await addAccount(world, sink);
      await world.engine.submit([mail('m1')]);
      await world.engine.stop();
    }
    await using world = await openWorld({ database: dir.file('mail.db') });
    await historyUntil(world, 'm1', 'sent');
  });
});

test('an engine leaves no listener on the process', async () => {
  const count = (): Record<string, number> =>
    Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
  await using sink = await startSmtpSink();
  const before = count();
  {
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    expect(count()).toEqual(before);
  }
  expect(count()).toEqual(before);
});

test('ready() tells the truth before the start, after it and after the stop', async () => {
  await using world = await openWorld({ start: false });
  const { engine } = world;
  expect(await engine.ready()).toEqual({ ready: false, reasons: ['the engine is not running'] });
  await engine.start();
  // A database that takes a second to answer is not ready, and a busy machine may have one.
  await expect.poll(() => engine.ready()).toEqual({ ready: true, reasons: [] });
  await engine.stop();
  expect(await engine.ready()).toEqual({ ready: false, reasons: ['the engine is not running'] });
  await engine[Symbol.asyncDispose]();
  expect((await engine.ready()).reasons).toContain('the database does not answer');
});

test('a second engine on the same file is refused with database_locked, until the first is gone', async () => {
  using dir = tempDir();
  const config = { database: dir.file('mail.db') };
  {
    await using _first = await createMailEngine({ config });
    await expect(createMailEngine({ config })).rejects.toMatchObject({ code: 'database_locked' });
  }
  await using second = await createMailEngine({ config });
  await second.start();
  await expect.poll(() => second.ready()).toMatchObject({ ready: true });
});

describe('accounts that change', () => {
  test('a new port retires the idle connections, and the next message goes there', async () => {
    await using before = await startSmtpSink();
    await using after = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, before);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', port: after.port });
    await world.engine.submit([mail('m2')]);
    await historyUntil(world, 'm2', 'sent');
    expect(before.messages.map(({ headers }) => headers.get('x-genro-mail-id'))).toEqual([['m1']]);
    expect(after.messages.map(({ headers }) => headers.get('x-genro-mail-id'))).toEqual([['m2']]);
  });

  test('the connection to the old relay is closed with QUIT', async () => {
    const script = { ended: Promise.withResolvers<void>() };
    await using before = await startScriptedPeer(async (client) => {
      await serveMail(client);
      script.ended.resolve(); // only QUIT ends the script
    });
    await using world = await openWorld();
    await addAccount(world, before);
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', port: 1 });
    await script.ended.promise;
  });
});

test('a password is sealed in the file and never in the log, the events or what operations answer', async () => {
  const password = 'correct-horse-battery-7731';
  const token = 'token-of-the-client-4417';
  using dir = tempDir();
  const database = dir.file('mail.db');
  const answers: unknown[] = [];
  let logged: readonly string[] = [];
  {
    await using sink = await startSmtpSink({
      users: { someone: password },
      onMessage: (_, attempt) => (attempt === 1 ? { code: 451, text: '4.3.0 later' } : null),
    });
    await using world = await openWorld({ database });
    logged = world.logged;
    await addAccount(world, sink, { user: 'someone', password });
    await world.engine.execute('tenants.update', {
      tenant_id: 'default',
      // nobody listens there
      client_base_url: 'http://127.0.0.1:1',
      client_auth: { method: 'bearer', token },
    });
    await world.engine.submit([mail('m1')]);
    answers.push(await historyUntil(world, 'm1', 'sent'));
    await world.engine.execute('accounts.update', {
      account_id: 'main',
      tenant_id: 'default',
      password: `${password}!`,
    });
    await world.engine.submit([mail('m2')]);
    answers.push(await eventsUntil(world, ({ event }) => event === 'account_paused'));
    for (const [operation, input] of [
      ['accounts.list', {}],
      ['accounts.get', { account_id: 'main', tenant_id: 'default' }],
      ['tenants.get', { tenant_id: 'default' }],
      ['messages.get', { message_id: 'm2', tenant_id: 'default' }],
      ['command-log.list', {}],
      ['events.list', { tenant_id: 'default' }],
    ] as const) {
      answers.push(await world.engine.execute(operation, input));
    }
    answers.push(await world.engine.metricsText());
    expect(sink.messages).toMatchObject([{ user: 'someone' }]);
  }
  const told = JSON.stringify([answers, logged]);
  expect(logged).not.toEqual([]);
  const stored = readFileSync(database);
  for (const secret of [password, token]) {
    const forms = [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')];
    expect(forms.filter((form) => told.includes(form) || stored.includes(form))).toEqual([]);
  }
  expect(told).not.toContain(Buffer.from(`\0someone\0${password}`).toString('base64'));
  expect(stored.includes('someone')).toBe(true);
});

describe('metrics', () => {
  test('count what was sent, refused and deferred, by account', async () => {
    await using sink = await startSmtpSink({
      onRcpt: (address) => (address.startsWith('unknown') ? { code: 550, text: '5.1.1 no such user' } : null),
      onMessage: (_, attempt) => (attempt === 1 ? { code: 451, text: '4.3.0 later' } : null),
    });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1'), mail('m2'), mail('m3', { to: 'unknown@example.org' })]);
    await historyUntil(world, 'm1', 'sent');
    await historyUntil(world, 'm2', 'sent');
    await historyUntil(world, 'm3', 'error');
    const body = await metricsOf(world);
    expect(sampleOf(body, 'gmp_sent_total')).toEqual(['2', 'default', 'main']);
    expect(sampleOf(body, 'gmp_errors_total')).toEqual(['1', 'default', 'main']);
    expect(sampleOf(body, 'gmp_deferred_total')).toEqual(['2', 'default', 'main']);
    expect(body).toMatch(/^gmp_pending_messages 0$/m);
  });

  test('of two engines in one process are apart', async () => {
    await using sink = await startSmtpSink();
    await using first = await openWorld();
    await using second = await openWorld();
    await addAccount(first, sink);
    await first.engine.submit([mail('m1')]);
    await historyUntil(first, 'm1', 'sent');
    expect(sampleOf(await metricsOf(first), 'gmp_sent_total')?.[0]).toBe('1');
    expect(sampleOf(await metricsOf(second), 'gmp_sent_total')).toBeNull();
  });

  test('show an account with zeros before any mail', async () => {
    await using world = await openWorld();
    await addAccount(world, { port: 9 });
    // Shown soon after the account was made; nothing tells when.
    await eventually(async () => {
      const body = await metricsOf(world);
      for (const name of ['gmp_sent_total', 'gmp_errors_total', 'gmp_deferred_total', 'gmp_rate_limited_total']) {
        expect(sampleOf(body, name)).toEqual(['0', 'default', 'main']);
      }
    });
  });
});

async function metricsOf({ engine }: Awaited<ReturnType<typeof openWorld>>): Promise<string> {
  return (await engine.metricsText()).body;
}

/** Value, tenant and account of the first sample with labels. */
function sampleOf(body: string, name: string): readonly string[] | null {
  const match = new RegExp(`^${name}\\{tenant_id="([^"]*)".*account_id="([^"]*)".*\\} (\\d+)$`, 'm').exec(body);
  return match === null ? null : [match[3] ?? '', match[1] ?? '', match[2] ?? ''];
}

/** How many messages are sent, and how many are ready, as an instance tells. */
function statesOf(instance: unknown): { readonly sent: number; readonly ready: number } {
  const { by_state, by_result } = instance as {
    // the output of instance.get
    readonly by_state: Readonly<Record<string, number>>;
    readonly by_result: Readonly<Record<string, number>>;
  };
  return { sent: by_result['sent'] ?? 0, ready: by_state['ready'] ?? 0 };
}
