// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addTenants, dump, type OpenWorld, START, type World } from '../world.case.ts';
import { createAccountPauseStore, type PausedAccount, type PauseReason } from './account-pause.store.ts';

const RELAY = { id: 'main', host: '127.0.0.1', port: 25, tls: 'none' };
const REASON: PauseReason = { stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'wrong password' };

const options = (now: number) => ({ now, until: (failures: number) => now + failures * 1_000 });

async function addAccount(world: World, settings: object = {}): Promise<PausedAccount> {
  await addTenants(world, 'acme');
  const { pk } = await world.run('accounts.create', { ...RELAY, ...settings }, 'acme');
  return { pk: String(pk), tenantId: 'acme', id: 'main' };
}

async function events({ database }: World) {
  const all = database.prepare((k) => k.selectFrom('message_events').selectAll().orderBy('pk'));
  const rows = await database.read(all.bind({}));
  return rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as unknown }));
}

export function accountPauseCases(open: OpenWorld): void {
  test('the first failure begins a pause and is told, later ones make it longer and are not', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const first = {
      accountPk: account.pk,
      since: START,
      until: START + 1_000,
      failures: 1,
      reason: REASON,
      isByHand: false,
    };
    expect(await world.pauses.pause(account, REASON, options(START))).toEqual(first);
    expect(await world.pauses.get(account.pk)).toEqual(first);
    const told = [
      {
        pk: expect.any(String),
        tenant_id: 'acme',
        message_pk: null,
        account_pk: account.pk,
        type: 'account_paused',
        at: START,
        attempt: 0,
        detail: { accountId: 'main', until: START + 1_000, reason: 'auth: 535 5.7.8 wrong password' },
        seq: null,
      },
    ];
    expect(await events(world)).toEqual(told);
    const later = { ...REASON, code: null, enhanced: null, reply: 'self-signed certificate', stage: 'starttls' };
    const second = { ...first, until: START + 7_000, failures: 2, reason: later };
    expect(await world.pauses.pause(account, later, options(START + 5_000))).toEqual(second);
    expect(await world.pauses.list()).toEqual([second]);
    expect(await events(world)).toEqual(told);
  });

  test('of failures in the same moment, over two instances, one is told, and none makes it shorter', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const elsewhere = createAccountPauseStore(world.database, world.makePk);
    const stores = [world.pauses, elsewhere, world.pauses, elsewhere];
    const pauses = await Promise.all(stores.map((store) => store.pause(account, REASON, options(START))));
    expect(await events(world)).toHaveLength(1);
    const failures = Math.max(...pauses.map((pause) => pause.failures));
    expect(await world.pauses.list()).toMatchObject([{ failures, until: START + failures * 1_000 }]);
  });

  test('of pauses that begin and end in the same moment each is told as often as it happened', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        index % 2 === 0
          ? world.pauses.pause(account, REASON, options(START)).then(() => false)
          : world.pauses.resume(account, START, 'failures'),
      ),
    );
    const types = (await events(world)).map(({ type }) => type);
    const [begun, ended] = ['account_paused', 'account_resumed'].map(
      (type) => types.filter((one) => one === type).length,
    );
    expect(ended).toBe(outcomes.filter(Boolean).length);
    expect(begun).toBe((ended ?? 0) + (await world.pauses.list()).length);
  });

  test('a pause that ends is told once, and one that is not there is not', async () => {
    await using world = await open();
    const account = await addAccount(world);
    expect(await world.pauses.resume(account, START, 'failures')).toBe(false);
    expect(await events(world)).toEqual([]);
    await world.pauses.pause(account, REASON, options(START));
    const ended = await Promise.all([1, 2, 3].map((ms) => world.pauses.resume(account, START + ms, 'any')));
    expect(ended.filter(Boolean)).toHaveLength(1);
    expect((await events(world)).map(({ type, detail }) => [type, detail])).toMatchObject([
      ['account_paused', {}],
      ['account_resumed', { accountId: 'main' }],
    ]);
    expect(await world.pauses.get(account.pk)).toBeNull();
    expect(await world.pauses.pause(account, REASON, options(START + 9_000))).toMatchObject({ failures: 1 });
  });

  test('the probe is had by one of all who ask, and not before the pause is over', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const elsewhere = createAccountPauseStore(world.database, world.makePk);
    expect(await world.pauses.takeProbe(account.pk, START, START + 1)).toBe(false);
    await world.pauses.pause(account, REASON, options(START));
    expect(await world.pauses.takeProbe(account.pk, START + 999, START + 5_000)).toBe(false);
    const taken = await Promise.all(
      [world.pauses, elsewhere, world.pauses, elsewhere].map((store) =>
        store.takeProbe(account.pk, START + 1_000, START + 5_000),
      ),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await world.pauses.get(account.pk)).toMatchObject({ until: START + 5_000, failures: 1 });
    expect(await world.pauses.takeProbe(account.pk, START + 5_000, START + 9_000)).toBe(true);
  });

  test('an account that is gone is not paused, and its pause goes with it', async () => {
    await using world = await open();
    const account = await addAccount(world);
    await world.pauses.pause(account, REASON, options(START));
    await world.run('accounts.delete', { account_id: 'main' }, 'acme');
    expect(await world.pauses.list()).toEqual([]);
    await expect(world.pauses.pause(account, REASON, options(START))).rejects.toMatchObject({ code: 'not_found' });
    expect(await events(world)).toHaveLength(1);
  });

  test('a pause is shown until a change or a word of its owner ends it', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const { version } = await world.accounts.relayRow(account.pk);
    for (const [operation, input] of [
      ['accounts.resume', {}],
      ['accounts.update', { password: 'pw', user: 'u' }],
    ] as const) {
      const before = await world.run('accounts.get', { account_id: 'main' }, 'acme');
      expect(before).toMatchObject({ paused_until: null, pause_reason: null, pause_failures: 0 });
      await world.pauses.pause(account, REASON, options(START));
      const paused = await world.run('accounts.get', { account_id: 'main' }, 'acme');
      const shown = {
        pause_kind: 'failures',
        paused_until: '2026-01-01T00:00:01.000Z',
        pause_reason: REASON,
        pause_failures: 1,
      };
      expect(paused).toEqual({ ...before, ...shown });
      expect((await world.run('accounts.list', {}, 'acme'))['items']).toEqual([paused]);
      expect((await world.run('accounts.list', {}))['items']).toEqual([paused]);
      expect((await world.accounts.relayRow(account.pk)).version).toBe(version);
      const resumed = await world.run(operation, { account_id: 'main', ...input }, 'acme');
      expect(resumed).toMatchObject({ paused_until: null, pause_reason: null, pause_failures: 0 });
      expect(await world.run('accounts.get', { account_id: 'main' }, 'acme')).toEqual(resumed);
    }
    expect(world.told).toEqual(['resumed main', 'resumed main']);
  });

  test('an account that can log in is verified, and its pause ends', async () => {
    await using world = await open();
    await using sink = await startSmtpSink({ users: { u: 'pw-5f5f' }, maxBytes: 5_000_000 });
    const account = await addAccount(world, { port: sink.port, user: 'u', password: 'pw-5f5f' });
    await world.pauses.pause(account, REASON, options(START));
    expect(await world.run('accounts.verify', { account_id: 'main' }, 'acme')).toMatchObject({
      ok: true,
      stage: null,
      code: null,
      reply: null,
      tls: null,
      capabilities: { size: 5_000_000, auth_mechanisms: expect.arrayContaining(['PLAIN']) },
      transcript: expect.arrayContaining([expect.stringContaining('EHLO proxy.example.org')]),
    });
    expect(await world.pauses.list()).toEqual([]);
    expect(await dump(world)).not.toContain('pw-5f5f');
  });

  test('a relay that refuses the password is told of in the answer, and the pause stays', async () => {
    await using world = await open();
    await using sink = await startSmtpSink({ users: { u: 'right' } });
    const account = await addAccount(world, { port: sink.port, user: 'u', password: 'pw-6d6d' });
    await world.pauses.pause(account, REASON, options(START));
    const answer = await world.run('accounts.verify', { account_id: 'main' }, 'acme');
    expect(answer).toMatchObject({ ok: false, stage: 'auth', code: 535, capabilities: null });
    expect(JSON.stringify(answer)).not.toContain('pw-6d6d');
    expect(await world.pauses.list()).toHaveLength(1);
    expect(world.told).toEqual([]);
  });

  test('a relay that is not there is told of in the answer', async () => {
    await using world = await open();
    let port: number;
    {
      await using sink = await startSmtpSink();
      port = sink.port;
    }
    await addAccount(world, { port });
    expect(await world.run('accounts.verify', { account_id: 'main' }, 'acme')).toMatchObject({
      ok: false,
      stage: 'connect',
      code: null,
      reply: expect.any(String),
    });
  });

  test('a pause by hand takes the place of another, and only a person or its time ends it', async () => {
    await using world = await open();
    const account = await addAccount(world);
    await world.pauses.pause(account, REASON, options(START));
    const paused = { accountPk: account.pk, since: START + 10, failures: 0, isByHand: true };
    const byHand = { ...paused, until: null, reason: { stage: 'manual', code: null, enhanced: null, reply: 'moving' } };
    expect(await world.pauses.pauseByHand(account, { now: START + 10, until: null, reason: 'moving' })).toEqual(byHand);
    // Neither a failure, nor a success, nor a probe has a part in it.
    expect(await world.pauses.pause(account, REASON, options(START + 20))).toEqual(byHand);
    expect(await world.pauses.resume(account, START + 20, 'failures')).toBe(false);
    expect(await world.pauses.takeProbe(account.pk, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(await world.pauses.listOver(START + 86_400_000)).toEqual([]);
    expect(await world.pauses.endOver(account, START + 86_400_000)).toBe(false);
    expect(await world.pauses.list()).toEqual([byHand]);

    // Given again, it has the end that it is given.
    await world.pauses.pauseByHand(account, { now: START + 30, until: START + 500, reason: '' });
    expect(await world.pauses.resume(account, START + 40, 'any')).toBe(true);
    expect((await events(world)).map(({ type, at, detail }) => [type, at, detail])).toEqual([
      ['account_paused', START, expect.objectContaining({ reason: 'auth: 535 5.7.8 wrong password' })],
      ['account_paused', START + 10, { accountId: 'main', reason: 'paused by hand: moving' }],
      ['account_paused', START + 30, { accountId: 'main', until: START + 500, reason: 'paused by hand' }],
      ['account_resumed', START + 40, { accountId: 'main' }],
    ]);
  });

  test('a pause by hand that is over is ended by one of all who look, and stands in the way of no other', async () => {
    await using world = await open();
    const account = await addAccount(world);
    const elsewhere = createAccountPauseStore(world.database, world.makePk);
    await world.pauses.pauseByHand(account, { now: START, until: START + 500, reason: '' });
    expect(await world.pauses.listOver(START + 499)).toEqual([]);
    expect(await world.pauses.endOver(account, START + 499)).toBe(false);
    expect(await world.pauses.listOver(START + 500)).toEqual([account]);
    const ended = await Promise.all(
      [world.pauses, elsewhere, world.pauses].map((store) => store.endOver(account, START + 500)),
    );
    expect(ended.filter(Boolean)).toHaveLength(1);

    await world.pauses.pauseByHand(account, { now: START + 600, until: START + 700, reason: '' });
    expect(await world.pauses.pause(account, REASON, options(START + 700))).toMatchObject({
      failures: 1,
      since: START + 700,
      isByHand: false,
    });
    expect((await events(world)).map(({ type }) => type)).toEqual(
      ['paused', 'resumed', 'paused', 'resumed', 'paused'].map((verb) => `account_${verb}`),
    );
  });

  test('a pause by hand that an older instance wrote an end over has none', async () => {
    await using world = await open();
    const account = await addAccount(world);
    await world.pauses.pauseByHand(account, { now: START, until: null, reason: 'moving' });
    const writeOver = world.database.prepare((k) =>
      k.updateTable('account_pauses').set({ until_at: START + 1_000, failures: 1 }),
    );
    await world.database.write([writeOver.bind({})]);
    const later = START + 2_000;
    expect(await world.pauses.listOver(later)).toEqual([]);
    expect(await world.pauses.endOver(account, later)).toBe(false);
    expect(await world.pauses.pause(account, REASON, options(later))).toMatchObject({ until: null, isByHand: true });
    world.time.advance(2_000);
    const shown = { pause_kind: 'manual', paused_until: null };
    expect(await world.run('accounts.get', { account_id: 'main' }, 'acme')).toMatchObject(shown);

    await world.pauses.pauseByHand(account, { now: later, until: later + 500, reason: '' });
    expect(await world.pauses.listOver(later + 500)).toEqual([account]);
  });

  test('an account is paused by hand with its reason, until a time or a word; what is past or too long is refused', async () => {
    await using world = await open();
    await addAccount(world);
    const run = (verb: string, input: object = {}) =>
      world.run(`accounts.${verb}`, { account_id: 'main', ...input }, 'acme');
    const open_ = { pause_kind: null, paused_until: null, pause_reason: null, pause_failures: 0 };
    const reason = { stage: 'manual', code: null, enhanced: null, reply: 'the provider moves' };
    const paused = { pause_kind: 'manual', paused_until: null, pause_reason: reason, pause_failures: 0 };
    expect(await run('pause', { reason: 'the provider moves' })).toMatchObject(paused);
    expect(await run('get')).toMatchObject(paused);
    expect(await run('update', { weight: 2 })).toMatchObject({ ...paused, weight: 2 });
    expect(await run('get')).toMatchObject(paused);
    expect(await run('resume')).toMatchObject(open_);
    expect(await run('get')).toMatchObject(open_);

    const until = new Date(START + 60_000).toISOString();
    expect(await run('pause', { until })).toMatchObject({
      ...paused,
      paused_until: until,
      pause_reason: { reply: '' },
    });
    world.time.advance(60_000);
    expect(await run('get')).toMatchObject(open_);
    expect(world.told).toEqual(['paused main', 'resumed main', 'resumed main', 'paused main']);
    const wrong = [{ until }, { until: 'tomorrow' }, { reason: 'x'.repeat(501) }, { reason: 'a\nb' }];
    for (const input of wrong) {
      const code = await world.refused('accounts.pause', { account_id: 'main', ...input }, 'acme');
      expect(code).toBe(`invalid_input /${Object.keys(input)[0]}`);
    }
  });

  test('a relay that lets a paused account in is no reason to go on, where a person paused it', async () => {
    await using world = await open();
    await using sink = await startSmtpSink();
    const account = await addAccount(world, { port: sink.port });
    await world.run('accounts.pause', { account_id: 'main' }, 'acme');
    expect(await world.run('accounts.verify', { account_id: 'main' }, 'acme')).toMatchObject({ ok: true });
    expect(await world.pauses.get(account.pk)).toMatchObject({ isByHand: true });
  });
}
