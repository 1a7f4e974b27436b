// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { counts, openGenro } from './genro-world.case.ts';

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => ({ id: `${prefix}-${n}` }));

test('an account is added and said again, and listed without its password', async () => {
  await using world = await openGenro();
  await world.tenant('acme');
  const account = {
    ...{ id: 'main', tenant_id: 'acme', host: 'does-not-resolve.invalid', port: 587, user: 'u', password: 'pw-7a7a' },
    ...{ use_tls: true, limit_per_minute: 10, limit_per_hour: 100, limit_per_day: 0, limit_behavior: 'reject' },
    ...{ ttl: 300, batch_size: 50, something: 'new' },
  };
  for (let n = 0; n < 20; n++)
    expect(await world.post('/account', account)).toMatchObject({ status: 200, json: { ok: true } });
  const listed = async () => (await world.get('/accounts?tenant_id=acme')).json;
  const { ok, accounts } = await listed();
  expect(ok).toBe(true);
  expect(accounts).toMatchObject([
    {
      ...{ id: 'main', tenant_id: 'acme', host: 'does-not-resolve.invalid', port: 587, user: 'u', use_tls: true },
      ...{ limit_per_minute: 10, limit_per_hour: 100, limit_per_day: null, limit_behavior: 'reject' },
      ...{ is_pec_account: false, created_at: expect.any(Number) },
    },
  ]);
  expect(JSON.stringify(accounts)).not.toContain('pw-7a7a');
  // Said anew it has what is said, but for the password, which nobody can read back.
  await world.post('/account', { id: 'main', tenant_id: 'acme', host: 'other.invalid', port: 465, use_tls: true });
  expect((await listed()).accounts).toMatchObject([
    { host: 'other.invalid', user: 'u', use_tls: true, limit_per_minute: null, limit_behavior: 'defer' },
  ]);
  const shown = await world.get('/v1/accounts/main?tenant_id=acme');
  expect(shown.json).toMatchObject({ tls: 'implicit', has_password: true });
  await world.post('/account', { id: 'main', tenant_id: 'acme', host: 'other.invalid', port: 25, use_tls: false });
  expect((await world.get('/v1/accounts/main?tenant_id=acme')).json.tls).toBe('none');
});

test('what an account lacks is told by its field', async () => {
  await using world = await openGenro();
  await world.tenant('acme');
  const whole = { id: 'main', tenant_id: 'acme', host: 'localhost', port: 25 };
  for (const field of ['id', 'tenant_id', 'host', 'port'] as const) {
    const { [field]: _, ...rest } = whole;
    const { status, json } = await world.post('/account', rest);
    expect([status, json.detail[0].loc]).toEqual([422, ['body', field]]);
  }
  for (const wrong of [{ port: 70_000 }, { port: 'smtp' }, { host: 'a b' }, { limit_behavior: 'drop' }]) {
    expect((await world.post('/account', { ...whole, ...wrong })).status).toBe(422);
  }
  expect((await world.post('/account', { ...whole, tenant_id: 'nobody' })).status).toBe(404);
  expect(await world.post('/account', { ...whole, port: '25', use_tls: 'false' })).toMatchObject({ status: 200 });
  expect((await world.get('/accounts')).status).toBe(422);
  expect((await world.get('/accounts?tenant_id=nobody')).json).toEqual({ ok: true, accounts: [] });
});

test('an account is deleted with its mail', async () => {
  await using world = await openGenro();
  await world.tenant('acme', [{ port: 1 }]);
  await world.add('acme', [{ id: 'm-1', deferred_ts: 4_000_000_000 }]);
  expect(await world.call('DELETE', '/account/acme?tenant_id=acme')).toMatchObject({ status: 200, json: { ok: true } });
  expect((await world.get('/accounts?tenant_id=acme')).json.accounts).toEqual([]);
  expect((await world.call('DELETE', '/account/acme?tenant_id=acme')).status).toBe(404);
  expect((await world.call('DELETE', '/account/acme')).status).toBe(422);
});

test('three a minute are three, the rest is deferred', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink], { limit_per_minute: 3 });
  await world.add('acme', ids('m', 5));
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 3, deferred: 2 }));
  expect(sink.messages).toHaveLength(3);
  const deferred = Object.values(await world.records('acme')).filter(({ sent_ts }) => sent_ts === null);
  for (const { deferred_ts } of deferred) expect(deferred_ts).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1_000));
  // Who is suspended waits for that alone.
  await world.post('/commands/suspend?tenant_id=acme');
  expect(counts(await world.states('acme'))).toEqual({ sent: 3, pending: 2 });
});

test('what is over a limit is in error at once where the account wants that', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink({ delayMs: 20 });
  await world.tenant('acme', [sink], { limit_per_minute: 2, limit_behavior: 'reject' });
  await world.add('acme', ids('m', 4));
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 2, error: 2 }));
  const [failed] = Object.values(await world.records('acme')).filter(({ error }) => error !== null);
  expect(failed).toMatchObject({ error: expect.stringMatching(/limit/i), error_ts: expect.any(Number), sent_ts: null });
});

test('limits are each account’s own, and what is within them goes at once', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink, sink]);
  const account = { tenant_id: 'acme', host: 'localhost', port: sink.port, use_tls: false };
  await world.post('/account', { ...account, id: 'acme', limit_per_minute: 2 });
  await world.post('/account', { ...account, id: 'acme-1', limit_per_minute: 5 });
  const messages = [
    ...ids('a', 4).map((one) => ({ ...one, account_id: 'acme' })),
    ...ids('b', 4).map((one) => ({ ...one, account_id: 'acme-1' })),
  ];
  await world.add('acme', messages);
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 6, deferred: 2 }));
  const sent = Object.values(await world.records('acme')).filter(({ sent_ts }) => sent_ts !== null);
  expect(Object.groupBy(sent, ({ account_id }) => account_id)['acme-1']).toHaveLength(4);
});

test('mail of an account whose login fails is deferred', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink({ users: { u: 'right' } });
  await world.tenant('acme', [sink], { user: 'u', password: 'wrong' });
  await world.add('acme', ids('m', 2));
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ deferred: 2 }));
  // With the right one it goes on.
  const account = { id: 'acme', tenant_id: 'acme', host: 'localhost', port: sink.port, use_tls: false };
  await world.post('/account', { ...account, user: 'u', password: 'right' });
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 2 }));
});
