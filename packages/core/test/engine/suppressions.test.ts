// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin, type MixinContext, tenantPrincipal } from '@mail-proxy/core';
import { eventually, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const BOB = 'bob@example.org';

function suppress({ engine }: EngineWorld, address: string, fields: object = {}): Promise<unknown> {
  return engine.execute('suppressions.add', { address, ...fields });
}

async function suppressedTotal({ engine }: EngineWorld, at: 'acceptance' | 'sending'): Promise<number> {
  const { body } = await engine.metricsText();
  return Number(new RegExp(`^gmp_suppressed_total\\{at="${at}"\\} (\\d+)$`, 'm').exec(body)?.[1]);
}

describe('at acceptance', () => {
  test('a message whose only recipient is suppressed is refused, which names it, and others of its batch are taken', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await suppress(world, BOB, { reason: 'complaint' });
    const result = await world.engine.submit([mail('m1', { to: ['Bob <BOB@Example.org>'] }), mail('m2')]);
    expect(result).toMatchObject({
      accepted: 1,
      rejected: 1,
      results: [
        {
          ...{ index: 0, id: 'm1', status: 'rejected', code: 'suppressed' },
          reason: 'BOB@Example.org is on the suppression list: complaint',
          problems: [{ pointer: '/messages/0/to', message: 'BOB@Example.org is on the suppression list: complaint' }],
        },
        { index: 1, id: 'm2', status: 'accepted' },
      ],
    });
    await historyUntil(world, 'm2', 'sent');
    await expect(messageOf(world, 'm1')).rejects.toMatchObject({ code: 'not_found' });
    expect(await suppressedTotal(world, 'acceptance')).toBe(1);
    expect(await suppressedTotal(world, 'sending')).toBe(0);
  });

  test('all recipients of all fields have to be suppressed, by themselves or by their domain', async () => {
    await using world = await openWorld({ start: false });
    await addAccount(world, { port: 1 });
    await suppress(world, BOB);
    await suppress(world, '@gone.example');
    const all = { to: [BOB, 'a@gone.example'], cc: ['b@gone.example'], bcc: ['c@gone.example'] };
    const { results } = await world.engine.submit([mail('m1', all), mail('m2', { ...all, bcc: ['c@there.example'] })]);
    expect(results).toMatchObject([{ code: 'suppressed' }, { status: 'accepted' }]);
    expect(results[0]?.problems?.map(({ pointer }) => pointer)).toEqual(
      ['to', 'to', 'cc', 'bcc'].map((field) => `/messages/0/${field}`),
    );
  });

  test("an entry of another tenant's list stops nothing", async () => {
    await using world = await openWorld({ start: false });
    await world.engine.execute('tenants.create', { id: 'other' });
    await addAccount(world, { port: 1 });
    await suppress(world, BOB, { tenant_id: 'other' });
    expect(await world.engine.submit([mail('m1', { to: [BOB] })])).toMatchObject({ accepted: 1 });
  });

  test('an entry stops mail until its time is over, or until it is removed', async () => {
    await using world = await openWorld({ start: false });
    await addAccount(world, { port: 1 });
    const eve = 'eve@example.org';
    await suppress(world, BOB, { expires_at: new Date(Date.now() + 2_000).toISOString() });
    await suppress(world, eve);
    const to = (address: string) => world.engine.submit([mail(`to-${address}`, { to: [address] })]);
    expect(await to(eve)).toMatchObject({ rejected: 1 });
    await world.engine.execute('suppressions.remove', { address: eve });
    expect(await to(eve)).toMatchObject({ accepted: 1 });
    await eventually(async () => expect(await to(BOB)).toMatchObject({ accepted: 1 }));
    expect(await to(eve)).toMatchObject({ results: [{ code: 'duplicate_id' }] });
  });

  test.each([
    ['without a key', {}],
    ['with a key', { idempotencyKey: 'k1' }],
  ])(
    'a message that is repeated once its address is suppressed is told of the one that was taken, %s',
    async (_, keyed) => {
      await using world = await openWorld({ start: false });
      await addAccount(world, { port: 1 });
      const m1 = mail('m1', { to: [BOB] });
      const [first] = (await world.engine.submit([m1])).results;
      await suppress(world, BOB);
      const others = ['reject', 'ignore', 'replace_if_pending'] as const;
      const again = await world.engine.submit(
        [mail('m2'), ...others.map((on_conflict) => ({ ...m1, on_conflict })), mail('m3', { to: [BOB] })],
        keyed,
      );
      expect(again.results).toMatchObject([
        { id: 'm2', status: 'accepted' },
        { id: 'm1', code: 'duplicate_id', state: 'ready' },
        { id: 'm1', status: 'accepted', conflict: 'ignored', pk: first?.pk },
        // It is to take the place of the first one, which stays.
        { id: 'm1', code: 'suppressed' },
        { id: 'm3', code: 'suppressed' },
      ]);
      expect(await suppressedTotal(world, 'acceptance')).toBe(2);
    },
  );

  test('a request that is repeated under its key is refused as before, though the entry is gone', async () => {
    await using world = await openWorld({ start: false });
    await addAccount(world, { port: 1 });
    await suppress(world, BOB);
    const send = () => world.engine.submit([mail('m1', { to: [BOB] }), mail('m2')], { idempotencyKey: 'k1' });
    const first = await send();
    await world.engine.execute('suppressions.remove', { address: BOB });
    expect(await send()).toEqual(first);
    expect(first).toMatchObject({ accepted: 1, rejected: 1 });
  });
});

describe('at sending', () => {
  test('one of two is suppressed: the other one is sent to, and what became of both is told', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await suppress(world, BOB, { reason: 'unsubscribe' });
    await world.engine.submit([mail('m1', { to: [BOB, 'ann@example.org'] })]);
    const history = await historyUntil(world, 'm1', 'partially_sent');
    expect(sink.messages.map(({ to }) => to)).toEqual([['ann@example.org']]);
    const reply = expect.stringMatching(/^bob@example\.org is on the suppression list since 20\S+Z: unsubscribe$/);
    expect(history).toMatchObject([
      {
        event: 'partially_sent',
        recipients: [
          { address: 'ann@example.org', state: 'sent' },
          { address: BOB, state: 'failed', code: null, reply },
        ],
      },
    ]);
    expect(await messageOf(world, 'm1')).toMatchObject({
      state: 'final',
      result: 'partially_sent',
      recipients: [
        { address: BOB, state: 'failed', attempts: 0, stage: 'suppressed', reply, verdict: 'recipient' },
        { address: 'ann@example.org', state: 'sent', attempts: 1 },
      ],
    });
    expect(await suppressedTotal(world, 'sending')).toBe(1);
  });

  test('what is suppressed between acceptance and sending is not sent', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ start: false });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: [BOB] }), mail('m2')]);
    await suppress(world, BOB);
    await world.engine.start();
    const [event] = await historyUntil(world, 'm1', 'error');
    expect(event).toMatchObject({
      error: expect.stringContaining('suppressed: bob@example.org is on the suppression'),
    });
    await historyUntil(world, 'm2', 'sent');
    expect(sink.messages.map(({ to }) => to)).toEqual([['one@example.org']]);
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'final', result: 'failed' });
  });

  test('what is suppressed between two attempts is not tried again, and the rest is', async () => {
    const asked: string[] = [];
    await using sink = await startSmtpSink({
      onRcpt(address, attempt) {
        asked.push(address);
        return attempt === 1 ? { code: 451, text: '4.2.1 busy' } : null;
      },
    });
    await using world = await openWorld({ retry: { baseMs: 600_000, maxDelayMs: 600_000 } });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: [BOB, 'ann@example.org'] })]);
    await historyUntil(world, 'm1', 'deferred');
    await suppress(world, '@EXAMPLE.org');
    await world.engine.execute('suppressions.remove', { address: '@example.org' });
    await suppress(world, BOB);
    await world.engine.execute('messages.retry', { message_id: 'm1', tenant_id: 'default' });
    await historyUntil(world, 'm1', 'partially_sent');
    expect(asked).toEqual([BOB, 'ann@example.org', 'ann@example.org']);
  });

  test('a message that failed for its entry is sent by hand once that is gone', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ start: false });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: [BOB] })]);
    await suppress(world, BOB);
    await world.engine.start();
    await historyUntil(world, 'm1', 'error');
    await world.engine.execute('suppressions.remove', { address: BOB });
    await world.engine.execute('messages.retry', { message_id: 'm1', tenant_id: 'default' });
    await historyUntil(world, 'm1', 'sent');
    expect(sink.messages.map(({ to }) => to)).toEqual([[BOB]]);
  });

  test('entries whose time is over are deleted when the engine starts, and from then on now and then', async () => {
    const given: MixinContext[] = [];
    const peek = defineMixin({
      id: 'peek',
      contract: 1,
      setup(context) {
        given.push(context);
        return {};
      },
    });
    await using world = await openWorld({ start: false, mixins: [peek] });
    await suppress(world, BOB, { expires_at: new Date(Date.now() + 500).toISOString() });
    await suppress(world, 'ann@example.org');
    const check = () => world.engine.execute('suppressions.check', { address: BOB });
    await eventually(async () => expect(await check()).toMatchObject({ suppressed: false }));
    const database = given[0]?.database.withTables<CoreSchema>();
    if (database === undefined) throw new Error('the mixin was not set up');
    const all = database.prepare<object>((k) => k.selectFrom('suppressions').select('address'));
    expect(await database.read(all.bind({}))).toHaveLength(2);
    await world.engine.start();
    await eventually(async () => expect(await database.read(all.bind({}))).toEqual([{ address: 'ann@example.org' }]));
  });

  test('how often an entry stopped mail is there once the engine has ended', async () => {
    using dir = tempDir();
    await using sink = await startSmtpSink();
    const database = dir.file('mail.db');
    {
      await using world = await openWorld({ database });
      await addAccount(world, sink);
      await suppress(world, BOB);
      await world.engine.submit([mail('m1', { to: [BOB] }), mail('m2', { to: [BOB, 'ann@example.org'] })]);
      await historyUntil(world, 'm2', 'partially_sent');
    }
    await using world = await openWorld({ database, start: false });
    expect(await world.engine.execute('suppressions.get', { address: BOB })).toMatchObject({
      stopped: 2,
      last_stopped_at: expect.any(String),
    });
  });
});

describe('ignore_suppressions', () => {
  test('a message that says so is sent to who is on the list', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await suppress(world, BOB);
    const raw = Buffer.from('From: a@example.net\r\nTo: bob@example.org\r\nSubject: raw\r\n\r\nHi.\r\n');
    await world.engine.submit([
      mail('m1', { to: [BOB], ignore_suppressions: true }),
      { id: 'm2', raw, ignore_suppressions: true },
    ]);
    await historyUntil(world, 'm1', 'sent');
    await historyUntil(world, 'm2', 'sent');
    expect(sink.messages.map(({ to }) => to)).toEqual([[BOB], [BOB]]);
  });

  test('a key that may not change the list may not pass it by', async () => {
    await using world = await openWorld({ start: false });
    await addAccount(world, { port: 1 });
    const of = (scopes: readonly ('messages:send' | 'suppressions:write')[]) => {
      const principal = tenantPrincipal('default');
      if (principal.kind !== 'tenant') throw new Error('it is one of a tenant');
      return { principal: { ...principal, limits: { ...principal.limits, scopes } }, origin: 'test' };
    };
    const send = (id: string, scopes: Parameters<typeof of>[0]) =>
      world.engine.execute('messages.create', mail(id, { ignore_suppressions: true }), of(scopes));
    await expect(send('m1', ['messages:send'])).rejects.toMatchObject({
      code: 'forbidden',
      problems: [{ pointer: '/ignore_suppressions' }],
    });
    expect(await send('m2', ['messages:send', 'suppressions:write'])).toMatchObject({ id: 'm2' });
  });
});

test('a mixin suppresses an address in a unit of its own, and the next message to it is refused', async () => {
  let context: MixinContext | undefined;
  const bounces = defineMixin({
    id: 'bounces',
    contract: 1,
    setup(given) {
      context = given;
      return {};
    },
  });
  await using world = await openWorld({ start: false, mixins: [bounces] });
  await addAccount(world, { port: 1 });
  expect(await world.engine.submit([mail('m1', { to: [BOB] })])).toMatchObject({ accepted: 1 });
  if (context === undefined) throw new Error('the mixin was not set up');
  const { suppressions, database } = context;
  const strike = { tenantId: 'default', address: BOB, kind: 'hard', at: Date.now(), eventPk: null } as const;
  expect(await suppressions.suppress([])).toEqual([]);
  await database.write(await suppressions.suppress([strike, { ...strike, tenantId: 'nobody' }]));
  suppressions.changed('default');
  expect(await world.engine.submit([mail('m2', { to: [BOB] })])).toMatchObject({
    results: [{ code: 'suppressed', reason: expect.stringContaining('hard_bounce') }],
  });
});

describe('what a relay says of an address', () => {
  const answering = (replies: Readonly<Record<string, string>>) =>
    startSmtpSink({
      onRcpt(address) {
        const [code = '', text = ''] = (replies[address.slice(0, address.indexOf('@'))] ?? '250 ok').split(/ (.*)/s);
        return code === '250' ? null : { code: Number(code), text };
      },
    });

  async function suppressed({ engine }: EngineWorld): Promise<readonly unknown[]> {
    return ((await engine.execute('suppressions.list', {})) as { readonly items: readonly unknown[] }).items;
  }

  test('550 5.1.1 at RCPT puts it onto the list with the event that tells of it, and the next message is refused', async () => {
    await using sink = await answering({ gone: '550 5.1.1 no such user' });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { to: ['gone@example.org', 'ann@example.org'] })]);
    const [event] = await historyUntil(world, 'm1', 'partially_sent');
    expect(await suppressed(world)).toMatchObject([
      {
        address: 'gone@example.org',
        reason: 'hard_bounce',
        note: '550 5.1.1 no such user',
        source_event_id: event?.event_id,
        expires_at: null,
      },
    ]);
    expect(await world.engine.submit([mail('m2', { to: ['GONE@example.org'] })])).toMatchObject({
      results: [{ code: 'suppressed' }],
    });
  });

  test('a full mailbox, a spam filter, a sender that is unknown and a failure for now put nobody onto the list', async () => {
    await using sink = await answering({
      full: '552 5.2.2 mailbox full',
      spam: '550 5.7.1 message looks like spam',
      sender: '550 5.1.8 sender address rejected: user unknown',
      later: '450 4.1.1 user unknown for now',
    });
    await using world = await openWorld({ retry: { baseMs: 600_000, maxDelayMs: 600_000 } });
    await addAccount(world, sink);
    const to = ['full', 'spam', 'sender', 'later'].map((local) => `${local}@example.org`);
    await world.engine.submit([mail('m1', { to })]);
    await historyUntil(world, 'm1', 'deferred');
    expect(await suppressed(world)).toEqual([]);
  });

  test("as often as the tenant's policy says, and for so long", async () => {
    await using sink = await answering({ gone: '550 5.1.1 no such user' });
    await using world = await openWorld();
    await addAccount(world, sink);
    const of = { tenant_id: 'default' };
    const send = async (id: string) => {
      await world.engine.submit([mail(id, { to: ['gone@example.org'] })]);
      await historyUntil(world, id, 'error');
    };
    await world.engine.execute('tenants.update-sending', { ...of, suppression: { hard: null } });
    await send('m1');
    expect(await suppressed(world)).toEqual([]);
    await world.engine.execute('tenants.update-sending', { ...of, suppression: { hard: 2, hard_expiry: 'PT1H' } });
    await send('m2');
    expect(await suppressed(world)).toEqual([]);
    await send('m3');
    expect(await suppressed(world)).toMatchObject([{ address: 'gone@example.org', expires_at: expect.any(String) }]);
  });
});
