// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import {
  createTestCertificate,
  eventually,
  Recording,
  startScriptedPeer,
  startSmtpSink,
  tempDir,
} from '@mail-proxy/testkit';
import type * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { accountOutput, verificationOutput } from '../../src/entities/account/account.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import { startGatedRelay } from './control-world.case.ts';
import {
  addAccount,
  type EngineWorld,
  eventsUntil,
  historyUntil,
  mail,
  messageOf,
  openWorld,
  type RelayScript,
  serveMail,
} from './engine-world.case.ts';

/** An account with a user, for a relay that is spoken to in clear. */
const LOGIN = { user: 'someone', password: 'hunter2-secret', tls: 'none' } as const;
/** No probe in the time of a test. */
const NO_PROBE = { accountPauseMs: 600_000, accountPauseMaxMs: 600_000 };

/** A relay that notes each login; `answer` is given its number, from 1. */
async function startLoginRelay(answer: (login: number) => string, script: RelayScript = {}) {
  const logins = new Recording<{ readonly at: number }>('login at the relay');
  const mails = new Recording<string>('recipient at the relay');
  const relay = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['AUTH PLAIN'],
      onAuth() {
        logins.add({ at: Date.now() });
        return answer(logins.items.length);
      },
      onMessage({ to }) {
        for (const address of to) mails.add(address);
        return '250 queued';
      },
      ...script,
    }),
  );
  return {
    port: relay.port,
    logins,
    mails,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

const WRONG_PASSWORD = '535 5.7.8 wrong password';

async function accountOf({ engine }: Pick<EngineWorld, 'engine'>, id = 'main') {
  const account = await engine.execute('accounts.get', { account_id: id, tenant_id: 'default' });
  return validate(accountOutput, account);
}

describe('the mail of an account that fails waits, uses up no attempt, and goes once the account works', () => {
  /** Refused twice: by the login that finds out, and by the first probe. */
  const twice = (refusal: string, otherwise: string) => (ordinal: number) => (ordinal <= 2 ? refusal : otherwise);
  const faults: readonly { readonly fault: string; readonly script: () => RelayScript; readonly reason: string }[] = [
    {
      fault: '535 at AUTH',
      script: () => ({ onAuth: counted(twice(WRONG_PASSWORD, '235 ok')) }),
      reason: 'auth: 535 5.7.8 wrong password',
    },
    {
      fault: '454 at AUTH',
      script: () => ({ onAuth: counted(twice('454 4.7.0 temporary authentication failure', '235 ok')) }),
      reason: 'auth: 454 4.7.0 temporary authentication failure',
    },
    {
      fault: '530 at MAIL',
      script: () => ({ onMail: counted(twice('530 5.7.0 authentication required', '250 ok')) }),
      reason: 'mail: 530 5.7.0 authentication required',
    },
    {
      fault: '550 5.7.30 at MAIL',
      script: () => ({ onMail: counted(twice('550 5.7.30 basic authentication is off', '250 ok')) }),
      reason: 'mail: 550 5.7.30 basic authentication is off',
    },
    {
      fault: '550 5.7.30 at RCPT',
      script: () => ({ onRcpt: counted(twice('550 5.7.30 basic authentication is off', '250 ok')) }),
      reason: 'rcpt: 550 5.7.30 basic authentication is off',
    },
  ];

  test.each(faults)('$fault', async ({ script, reason }) => {
    await using relay = await startScriptedPeer((client) => serveMail(client, scriptOf));
    const scriptOf = { extensions: ['AUTH PLAIN'], ...script() };
    await using world = await openWorld();
    await addAccount(world, relay, { ...LOGIN, max_connections: 1 });
    await world.engine.submit([mail('m1')]);
    const events = await eventsUntil(world, ({ id, event }) => id === 'm1' && event === 'sent');
    expect(events).toMatchObject([
      { event: 'account_paused', id: null, pk: null, account_id: 'main', attempt: 0, reason },
      { event: 'account_resumed', id: null, pk: null, account_id: 'main', attempt: 0 },
      { event: 'sent', id: 'm1', attempt: 1 },
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({
      attempts: 1,
      last_error: null,
      recipients: [{ state: 'sent', attempts: 1 }],
      history: [{ attempt: 1, type: 'sent' }],
    });
    expect(await accountOf(world)).toMatchObject({ paused_until: null, pause_reason: null, pause_failures: 0 });
  });

  test('a certificate that nobody trusts', async () => {
    await using sink = await startSmtpSink({ tls: { ...createTestCertificate(), mode: 'starttls' } });
    await using world = await openWorld({ delivery: NO_PROBE });
    await addAccount(world, sink, { tls: 'starttls' });
    await world.engine.submit([mail('m1')]);
    const [paused] = await eventsUntil(world, () => true);
    expect(paused).toMatchObject({
      event: 'account_paused',
      reason: expect.stringMatching(/^starttls: .*SELF_SIGNED/),
    });
    expect(await messageOf(world, 'm1')).toMatchObject({ result: null, attempts: 0, last_error: null, history: [] });

    await world.engine.execute('accounts.update', { account_id: 'main', tenant_id: 'default', tls_insecure: true });
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([{ event: 'sent', attempt: 1 }]);
  });

  test('530 at the second transaction of a message: who was served is served, the others wait uncounted', async () => {
    let groups = 0;
    await using relay = await startScriptedPeer((client) =>
      serveMail(client, {
        onRcpt: (address) => (address.startsWith('two') && groups < 2 ? '452 4.5.3 too many recipients' : '250 ok'),
        onMail() {
          groups += 1;
          return groups === 2 ? '530 5.7.0 authentication required' : '250 ok';
        },
      }),
    );
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    await world.engine.submit([mail('m1', { to: ['one@example.org', 'two@example.org'] })]);
    const events = await eventsUntil(world, ({ event }) => event === 'sent');
    expect(events.map(({ event }) => event).toSorted()).toEqual([
      'account_paused',
      'account_resumed',
      'deferred',
      'sent',
    ]);
    expect((await messageOf(world, 'm1')).recipients).toMatchObject([
      { address: 'one@example.org', state: 'sent', attempts: 1 },
      { address: 'two@example.org', state: 'sent', attempts: 1 },
    ]);
  });
});

test('while ten messages wait, each pause ends with one login, and is no shorter than twice the one before', async () => {
  const REFUSED = 6;
  const pauses = { accountPauseMs: 40, accountPauseMaxMs: 320 };
  await using relay = await startLoginRelay((login) => (login <= REFUSED ? WRONG_PASSWORD : '235 ok'));
  await using world = await openWorld({ delivery: pauses });
  await addAccount(world, relay, { ...LOGIN, max_connections: 10 });
  const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
  await world.engine.submit(ids.map((id) => mail(id)));

  const events = await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 10);
  // Neither a failed probe nor the mail that it was told by is news.
  expect(events.map(({ event }) => event).toSorted()).toEqual([
    'account_paused',
    'account_resumed',
    ...ids.map(() => 'sent'),
  ]);
  expect(new Set(events.filter(({ id }) => id !== null).map(({ attempt }) => attempt))).toEqual(new Set([1]));
  const at = relay.logins.items.slice(0, REFUSED + 1).map((login) => login.at);
  const gaps = at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
  // A second login in one pause would follow the first at once. The clock and the pause count whole milliseconds.
  for (const [index, pauseMs] of [40, 80, 160, 320, 320, 320].entries()) {
    expect(gaps[index], `gap ${index} of ${gaps}`).toBeGreaterThanOrEqual(pauseMs - 1);
  }
});

test('a pause tells how often the account failed in a row, why, and until when at most', async () => {
  const refusals = ['535 5.7.8 wrong', '535 5.7.9 weak', '535 5.7.8 still wrong'];
  const released = Promise.withResolvers<void>();
  const relay = await startScriptedPeer((client, ordinal) =>
    serveMail(client, {
      extensions: ['AUTH PLAIN'],
      // The fourth login never comes, so that the third answer stands.
      beforeGreeting: () => (ordinal <= refusals.length ? Promise.resolve() : released.promise),
      onAuth: () => refusals[ordinal - 1] ?? '235 ok',
    }),
  );
  await using _relay = relay;
  await using world = await openWorld({ delivery: { accountPauseMs: 100, accountPauseMaxMs: 1_000 } });
  await addAccount(world, relay, LOGIN);
  await world.engine.submit([mail('m1')]);
  await expect
    .poll(async () => (await accountOf(world)).pause_failures, { timeout: 10_000, interval: 10 })
    .toBe(refusals.length);
  const account = await accountOf(world);
  expect(account.pause_reason).toEqual({ stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'still wrong' });
  const left = Date.parse(account.paused_until ?? '') - Date.now();
  expect(left).toBeLessThanOrEqual(400);
  released.resolve();
  await historyUntil(world, 'm1', 'sent');
});

test('a message that was under way when a pause began says nothing of it, though it gets through', async () => {
  const underWay = Promise.withResolvers<void>();
  const paused = Promise.withResolvers<void>();
  await using relay = await startLoginRelay((login) => (login === 1 ? '235 ok' : WRONG_PASSWORD), {
    async onMessage() {
      underWay.resolve();
      await paused.promise;
      return '250 queued';
    },
  });
  await using world = await openWorld({ delivery: NO_PROBE });
  await addAccount(world, relay, { ...LOGIN, max_connections: 3 });
  await world.engine.submit([mail('m1')]);
  await underWay.promise;
  await world.engine.submit([mail('m2')]);
  await eventsUntil(world, ({ event }) => event === 'account_paused');
  paused.resolve();
  const events = await eventsUntil(world, ({ event }) => event === 'sent');
  expect(events.map(({ event, id }) => [event, id])).toEqual([
    ['account_paused', null],
    ['sent', 'm1'],
  ]);
  expect(await accountOf(world)).toMatchObject({ pause_failures: 1, paused_until: expect.any(String) });
  expect(relay.logins.items).toHaveLength(2);
});

describe('a pause ends by hand', () => {
  test('when the account is changed: its mail goes at once', async () => {
    const users = { someone: 'right' };
    await using sink = await startSmtpSink({ users });
    await using world = await openWorld({ delivery: NO_PROBE });
    await addAccount(world, sink, { ...LOGIN, password: 'wrong' });
    await world.engine.submit([mail('m1'), mail('m2')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
    expect((await accountOf(world)).pause_failures).toBe(1);

    const changed = await world.engine.execute('accounts.update', {
      account_id: 'main',
      tenant_id: 'default',
      password: users.someone,
    });
    expect(changed).toMatchObject({ paused_until: null });
    const events = await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 2);
    expect(events.map(({ event }) => event)).toEqual(['account_paused', 'account_resumed', 'sent', 'sent']);
  });

  test('with accounts.resume, though nothing was changed', async () => {
    await using relay = await startLoginRelay((login) => (login === 1 ? WRONG_PASSWORD : '235 ok'));
    await using world = await openWorld({ delivery: NO_PROBE });
    await addAccount(world, relay, LOGIN);
    await world.engine.submit([mail('m1')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
    const resumed = await world.engine.execute('accounts.resume', { account_id: 'main', tenant_id: 'default' });
    expect(resumed).toMatchObject({ id: 'main', paused_until: null, pause_failures: 0 });
    const events = await eventsUntil(world, ({ event }) => event === 'sent');
    expect(events.map(({ event }) => event)).toEqual(['account_paused', 'account_resumed', 'sent']);
  });

  test('and begins anew with the first length when the account fails again', async () => {
    await using relay = await startLoginRelay(() => WRONG_PASSWORD);
    await using world = await openWorld({ delivery: NO_PROBE });
    await addAccount(world, relay, LOGIN);
    await world.engine.submit([mail('m1')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
    await world.engine.execute('accounts.resume', { account_id: 'main', tenant_id: 'default' });
    const events = await eventsUntil(world, (_, all) => all.length === 3);
    expect(events.map(({ event }) => event)).toEqual(['account_paused', 'account_resumed', 'account_paused']);
    expect((await accountOf(world)).pause_failures).toBe(1);
    expect(await messageOf(world, 'm1')).toMatchObject({ attempts: 0, history: [] });
  });

  test('with accounts.verify, if the account works by then; if it does not, the pause stays', async () => {
    await using relay = await startLoginRelay((login) => (login <= 2 ? WRONG_PASSWORD : '235 ok'));
    await using world = await openWorld({ delivery: NO_PROBE });
    await addAccount(world, relay, LOGIN);
    await world.engine.submit([mail('m1')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
    const verify = async (): Promise<v.InferOutput<typeof verificationOutput>> =>
      validate(
        verificationOutput,
        await world.engine.execute('accounts.verify', { account_id: 'main', tenant_id: 'default' }),
      );
    const paused = await accountOf(world);

    const failed = await verify();
    expect(failed).toMatchObject({ ok: false, stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'wrong password' });
    expect(JSON.stringify(failed)).not.toContain(Buffer.from(`\0someone\0${LOGIN.password}`).toString('base64'));
    expect(failed.transcript.join('\n')).toContain('[redacted]');
    expect(await accountOf(world)).toEqual(paused);

    expect(await verify()).toMatchObject({ ok: true, stage: null, code: null });
    const events = await eventsUntil(world, ({ event }) => event === 'sent');
    expect(events.map(({ event }) => event)).toEqual(['account_paused', 'account_resumed', 'sent']);
  });
});

test('a pause outlives a restart: no login, and other accounts send', async () => {
  using dir = tempDir();
  const database = dir.file('mail.db');
  await using relay = await startLoginRelay((login) => (login === 1 ? WRONG_PASSWORD : '235 ok'));
  await using sink = await startSmtpSink();
  let before: unknown;
  {
    await using world = await openWorld({ database, delivery: NO_PROBE });
    await addAccount(world, relay, { ...LOGIN, is_default: true });
    await addAccount(world, sink, { id: 'other' });
    await world.engine.submit([mail('m1')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
    before = await accountOf(world);
  }
  await using world = await openWorld({ database, delivery: NO_PROBE });
  expect(await accountOf(world)).toEqual(before);
  await world.engine.submit([mail('m2'), mail('m3', { account_id: 'other' })]);
  await historyUntil(world, 'm3', 'sent');
  for (const id of ['m1', 'm2']) {
    expect(await messageOf(world, id)).toMatchObject({
      state: 'ready',
      attempts: 0,
      waiting_for: [{ kind: 'account_paused' }, { kind: 'turn' }],
    });
  }
  expect(relay.logins.items).toHaveLength(1);

  await world.engine.execute('accounts.resume', { account_id: 'main', tenant_id: 'default' });
  await historyUntil(world, 'm1', 'sent');
  await historyUntil(world, 'm2', 'sent');
});

test('a message that is still being prepared when the account fails does not log in until the pause is over', async () => {
  const found = Promise.withResolvers<void>();
  const slow = defineMixin({
    id: 'slow',
    contract: 1,
    setup: () => ({
      hooks: {
        async admitting({ id }) {
          if (id === 'm2') await found.promise;
          return null;
        },
      },
    }),
  });
  await using relay = await startLoginRelay(() => WRONG_PASSWORD);
  await using world = await openWorld({ mixins: [slow], delivery: NO_PROBE });
  await addAccount(world, relay, { ...LOGIN, max_connections: 2 });
  await world.engine.submit([mail('m1'), mail('m2')]);
  await eventsUntil(world, ({ event }) => event === 'account_paused');
  found.resolve();
  await expect.poll(async () => (await messageOf(world, 'm2')).state, { timeout: 10_000, interval: 5 }).toBe('ready');
  expect(relay.logins.items).toHaveLength(1);
  expect(await messageOf(world, 'm2')).toMatchObject({ attempts: 0, last_error: null, history: [] });
});

test('a pause that began before a restart ends with one login after it', async () => {
  using dir = tempDir();
  const database = dir.file('mail.db');
  await using relay = await startLoginRelay((login) => (login === 1 ? WRONG_PASSWORD : '235 ok'));
  {
    await using world = await openWorld({ database, delivery: { accountPauseMs: 1_000 } });
    await addAccount(world, relay, LOGIN);
    await world.engine.submit([mail('m1')]);
    await eventsUntil(world, ({ event }) => event === 'account_paused');
  }
  await using world = await openWorld({ database });
  const events = await eventsUntil(world, ({ event }) => event === 'sent');
  expect(events.map(({ event }) => event)).toEqual(['account_paused', 'account_resumed', 'sent']);
  expect(relay.logins.items).toHaveLength(2);
});

test('a probe that cannot reach the relay is an attempt of its message, and the pause stays until one can log in', async () => {
  const looked = Promise.withResolvers<void>();
  await using relay = await startScriptedPeer(async (client, ordinal) => {
    // The first is refused, the second is cut, the third is let in.
    if (ordinal === 2) return client.reset();
    return serveMail(client, {
      extensions: ['AUTH PLAIN'],
      beforeGreeting: () => (ordinal >= 3 ? looked.promise : Promise.resolve()),
      onAuth: () => (ordinal === 1 ? WRONG_PASSWORD : '235 ok'),
    });
  });
  await using world = await openWorld();
  await addAccount(world, relay, { ...LOGIN, max_connections: 1 });
  await world.engine.submit([mail('m1')]);
  const before = await eventsUntil(world, ({ event }) => event === 'deferred');
  expect(before.map(({ event, id, attempt }) => [event, id, attempt])).toEqual([
    ['account_paused', null, 0],
    ['deferred', 'm1', 1],
  ]);
  expect(await accountOf(world)).toMatchObject({
    paused_until: expect.any(String),
    pause_failures: 1,
    pause_reason: { stage: 'auth', code: 535 },
  });
  looked.resolve();
  const events = await eventsUntil(world, ({ event }) => event === 'sent');
  expect(events.map(({ event, attempt }) => [event, attempt])).toEqual([
    ['account_paused', 0],
    ['deferred', 1],
    ['account_resumed', 0],
    ['sent', 2],
  ]);
});

describe('a pause by hand', () => {
  const command = ({ engine }: EngineWorld, verb: string, input: object = {}) =>
    engine.execute(`accounts.${verb}`, { account_id: 'main', tenant_id: 'default', ...input });

  test('lets end what is under way, and neither that, nor a change, nor a verification ends it', async () => {
    await using relay = await startGatedRelay('dot', { extensions: ['AUTH PLAIN'] });
    await using world = await openWorld();
    await addAccount(world, relay, { ...LOGIN, max_connections: 1 });
    const ids = ['m1', 'm2', 'm3', 'm4'];
    await world.engine.submit(ids.map((id) => mail(id)));
    await relay.reached;

    expect(await command(world, 'pause', { reason: 'the provider moves' })).toMatchObject({ pause_kind: 'manual' });
    relay.open();
    await historyUntil(world, 'm1', 'sent');
    expect(await command(world, 'verify')).toMatchObject({ ok: true });
    expect(await command(world, 'update', { max_connections: 2 })).toMatchObject({ pause_kind: 'manual' });
    for (const id of ['m2', 'm3', 'm4']) {
      await eventually(async () => {
        expect(await messageOf(world, id)).toMatchObject({
          state: 'ready',
          attempts: 0,
          waiting_for: expect.arrayContaining([
            expect.objectContaining({
              kind: 'account_paused',
              until: null,
              detail: 'paused by hand: the provider moves',
            }),
          ]),
        });
      });
    }
    const lanes = await world.engine.execute('lanes.list', {});
    expect(lanes).toMatchObject({ items: [{ state: 'paused', ready: 3, pause: { kind: 'manual' } }] });
    expect(await world.engine.execute('command-log.list', { operation: 'accounts.pause' })).toMatchObject({
      items: [{ outcome: 'ok', input: { account_id: 'main', reason: 'the provider moves' } }],
    });

    await command(world, 'resume');
    const events = await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 4);
    expect(relay.subjects.toSorted()).toEqual(ids);
    expect(events.map(({ event }) => event)).toEqual([
      'account_paused',
      'sent',
      'account_resumed',
      'sent',
      'sent',
      'sent',
    ]);
    expect(events[0]).toMatchObject({ reason: 'paused by hand: the provider moves' });
  });

  test('goes on by itself at its time', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const until = Date.now() + 1_000;
    await command(world, 'pause', { until: new Date(until).toISOString() });
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    expect(sink.messages[0]?.at ?? 0).toBeGreaterThanOrEqual(until);
    expect(await accountOf(world)).toMatchObject({ pause_kind: null, paused_until: null });
  });
});

/** Count the calls from 1. */
function counted(answer: (ordinal: number) => string): () => string {
  let calls = 0;
  return () => {
    calls += 1;
    return answer(calls);
  };
}
