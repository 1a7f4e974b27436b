// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { counts, openGenro } from './genro-world.case.ts';

test('metrics have the names and labels of the original’s dashboards, with zeros from the start', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink({ onMessage: () => ({ code: 550, text: '5.7.1 no' }) });
  await world.tenant('acme', [sink]);
  const labels = 'tenant_id="acme",tenant_name="The tenant acme",account_id="acme",account_name="acme"';
  const line = async (name: string): Promise<string | undefined> => {
    const { text } = await world.get('/metrics');
    return text
      .split('\n')
      .find((each) => each.startsWith(`${name}{${labels}}`))
      ?.split(' ')
      .at(-1);
  };
  for (const name of ['gmp_sent_total', 'gmp_errors_total', 'gmp_deferred_total', 'gmp_rate_limited_total']) {
    await eventually(async () => expect([name, await line(name)]).toEqual([name, '0']));
  }
  await world.add('acme', [{ id: 'm-1' }, { id: 'm-2', deferred_ts: 4_000_000_000 }]);
  await eventually(async () => expect(await line('gmp_errors_total')).toBe('1'));
  expect((await world.get('/metrics')).text).toMatch(/^gmp_pending_messages 1$/m);
});

test('metrics are open where a setting says so', async () => {
  const asked = async (url: string): Promise<number> =>
    (await fetch(`${url.replace('0.0.0.0', '127.0.0.1')}/metrics`)).status;
  await using own = await openGenro();
  expect(await asked(own.url)).toBe(200);
  await using open = await openGenro({ GMP_COMPAT_OPEN_METRICS: 'true', GMP_HOST: '0.0.0.0' });
  expect(await asked(open.url)).toBe(200);
  await using beyond = await openGenro({ GMP_HOST: '0.0.0.0' });
  expect(await asked(beyond.url)).toBe(401);
});

test('a tenant’s key is the operator’s in old calls alone, where a setting says so', async () => {
  await using world = await openGenro({ GMP_COMPAT_TENANT_KEYS: 'admin' });
  const { json } = await world.post('/tenant', { id: 'one' });
  await world.post('/tenant', { id: 'two' });
  const key = json.api_key;
  expect((await world.get('/tenants', key)).json.tenants).toHaveLength(3);
  expect((await world.get('/messages?tenant_id=two', key)).status).toBe(200);
  expect((await world.post('/commands/suspend?tenant_id=one', undefined, key)).json.suspended_batches).toEqual(['*']);
  expect((await world.get('/v1/tenants', key)).status).toBe(403);
});

test('old calls do the same on PostgreSQL', async () => {
  await using database = await createDatabase(inject('pgUrl') ?? '');
  await using world = await openGenro({ GMP_DATABASE_URL: database.url });
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink], { limit_per_minute: 3 });
  await world.add(
    'acme',
    [1, 2, 3, 4, 5].map((n) => ({ id: `m-${n}`, ...(n === 5 ? { batch_code: 'x' } : {}) })),
  );
  const { json } = await world.post('/commands/suspend?tenant_id=acme&batch_code=x');
  expect(json).toMatchObject({ suspended_batches: ['x'], pending_messages: 1 });
  await world.runNow();
  await eventually(async () => {
    expect(counts(await world.states('acme'))).toEqual({ sent: 3, deferred: 1, pending: 1 });
  });
  expect((await world.add('acme', [{ id: 'm-1' }])).json.rejected).toEqual([{ id: 'm-1', reason: 'already sent' }]);
  expect((await world.post('/commands/activate?tenant_id=acme')).json).toMatchObject({
    ...{ suspended_batches: [], pending_messages: 2 },
  });
  const deleted = await world.post('/commands/delete-messages?tenant_id=acme', { ids: ['m-5', 'nobody'] });
  expect(deleted.json).toMatchObject({ removed: 1, not_found: ['nobody'] });
  const cleaned = await world.post('/commands/cleanup-messages?tenant_id=acme', { older_than_seconds: 0 });
  expect(cleaned.json).toEqual({ ok: true, removed: 3 });
  expect(Object.keys(await world.records('acme'))).toEqual(['m-4']);
});
