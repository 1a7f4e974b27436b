// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { counts, type GenroWorld, openGenro } from './genro-world.case.ts';

async function command(
  world: GenroWorld,
  name: 'suspend' | 'activate',
  tenant: string,
  batch?: string,
): Promise<readonly unknown[]> {
  const query = batch === undefined ? '' : `&batch_code=${encodeURIComponent(batch)}`;
  const { status, json } = await world.post(`/commands/${name}?tenant_id=${tenant}${query}`);
  expect(status).toBe(200);
  expect(json).toMatchObject({ ok: true, tenant_id: tenant, batch_code: batch ?? null });
  return json.suspended_batches;
}

test('what is added and at once suspended is not sent, however long it waits; another tenant is not touched', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await using others = await startSmtpSink();
  await world.tenant('acme', [sink]);
  await world.tenant('other', [others]);
  await world.add(
    'acme',
    [1, 2, 3, 4, 5].map((n) => ({ id: `m-${n}` })),
  );
  const { json } = await world.post('/commands/suspend?tenant_id=acme');
  expect(json).toEqual({
    ok: true,
    tenant_id: 'acme',
    batch_code: null,
    suspended_batches: ['*'],
    pending_messages: 5,
  });
  expect(await command(world, 'suspend', 'acme')).toEqual(['*']);
  await world.runNow();
  await world.add('other', [{ id: 'o-1' }]);
  await world.runNow();
  // What was added later is sent, so that what was added before would have been.
  await others.waitFor(1);
  expect(sink.messages).toEqual([]);
  expect(counts(await world.states('acme'))).toEqual({ pending: 5 });
  expect(await command(world, 'activate', 'acme')).toEqual([]);
  expect(await command(world, 'activate', 'acme')).toEqual([]);
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 5 }));
  expect((await world.post('/commands/activate?tenant_id=acme')).json.pending_messages).toBe(0);
});

test('a batch is suspended alone, with messages or without', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  expect(await command(world, 'suspend', 'acme', 'empty')).toEqual(['empty']);
  await world.add('acme', [
    { id: 'b-1', batch_code: 'spring' },
    { id: 'b-2', batch_code: 'spring' },
    { id: 'c-1', batch_code: 'autumn' },
    { id: 'd-1' },
  ]);
  const { json } = await world.post('/commands/suspend?tenant_id=acme&batch_code=spring');
  expect(json).toMatchObject({ batch_code: 'spring', pending_messages: 2 });
  expect(json.suspended_batches.toSorted()).toEqual(['empty', 'spring']);
  await world.runNow();
  await eventually(async () => {
    expect(await world.states('acme')).toEqual({ 'b-1': 'pending', 'b-2': 'pending', 'c-1': 'sent', 'd-1': 'sent' });
  });
  expect(sink.messages).toHaveLength(2);
  const { 'b-1': record } = await world.records('acme');
  expect(record).toMatchObject({ batch_code: 'spring', sent_ts: null, error: null, error_ts: null, deferred_ts: null });
  // Added while it is suspended.
  await world.add('acme', [{ id: 'b-3', batch_code: 'spring' }]);
  expect(await command(world, 'activate', 'acme', 'spring')).toEqual(['empty']);
  expect(await command(world, 'activate', 'acme', 'spring')).toEqual(['empty']);
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 5 }));
});

test('all of a tenant takes the place of its batches, and so does none', async () => {
  await using world = await openGenro();
  await world.tenant('acme');
  for (const batch of ['one', 'two, three', '50%_off']) await command(world, 'suspend', 'acme', batch);
  expect(await command(world, 'suspend', 'acme')).toEqual(['*']);
  // Of what is suspended as a whole there is no part that is not.
  expect(await command(world, 'suspend', 'acme', 'four')).toEqual(['*']);
  expect(await command(world, 'activate', 'acme', 'four')).toEqual(['*']);
  expect(await command(world, 'activate', 'acme')).toEqual([]);
});

test('a call that names no tenant is told so; one that nobody has is not found', async () => {
  await using world = await openGenro();
  for (const name of ['suspend', 'activate']) {
    for (const query of ['', '?tenant_id=', '?batch_code=x']) {
      const { status, json } = await world.post(`/commands/${name}${query}`);
      expect([status, json.detail[0].loc]).toEqual([422, ['query', 'tenant_id']]);
    }
    expect((await world.post(`/commands/${name}?tenant_id=nobody`)).status).toBe(404);
  }
});

test('messages are deleted, whatever they wait for', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  await world.tenant('other', [sink]);
  await world.post('/commands/suspend?tenant_id=acme');
  await world.add('acme', [{ id: 'm-1' }, { id: 'm-2' }]);
  await world.add('other', [{ id: 'theirs', deferred_ts: 4_000_000_000 }]);
  const odd = ["'; DROP TABLE messages; --", 'x'.repeat(300), '\u0000', ''];
  const { status, json } = await world.post('/commands/delete-messages?tenant_id=acme', {
    ids: ['m-1', 'theirs', 'nobody', ...odd],
  });
  expect([status, json.ok, json.removed, json.unauthorized]).toEqual([200, true, 1, []]);
  expect(json.not_found.toSorted()).toEqual(['theirs', 'nobody', ...odd].toSorted());
  expect(Object.keys(await world.records('acme'))).toEqual(['m-2']);
  expect(Object.keys(await world.records('other'))).toEqual(['theirs']);
  // As if it had never been.
  expect((await world.add('acme', [{ id: 'm-1' }])).json.queued).toBe(1);
  expect((await world.post('/commands/delete-messages?tenant_id=acme', {})).status).toBe(422);
  expect((await world.post('/commands/delete-messages', { ids: [] })).status).toBe(422);
  expect(await world.post('/commands/delete-messages?tenant_id=acme', { ids: [] })).toMatchObject({
    status: 200,
    json: { removed: 0, not_found: [] },
  });
});

test('a cleanup removes what is old, and nothing that was just sent', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  await world.tenant('other', [sink]);
  await world.add('acme', [{ id: 'm-1' }, { id: 'm-2', deferred_ts: 4_000_000_000 }]);
  await world.add('other', [{ id: 'o-1' }]);
  await eventually(async () => {
    expect(await world.states('acme')).toEqual({ 'm-1': 'sent', 'm-2': 'deferred' });
    expect(await world.states('other')).toEqual({ 'o-1': 'sent' });
  });
  const cleanup = (body?: unknown) => world.post('/commands/cleanup-messages?tenant_id=acme', body);
  expect(await cleanup({})).toMatchObject({ status: 200, json: { ok: true, removed: 0 } });
  expect((await cleanup()).json).toEqual({ ok: true, removed: 0 });
  expect(Object.keys(await world.records('acme'))).toHaveLength(2);
  expect((await cleanup({ older_than_seconds: 0 })).json).toEqual({ ok: true, removed: 1 });
  expect(Object.keys(await world.records('acme'))).toEqual(['m-2']);
  expect(Object.keys(await world.records('other'))).toEqual(['o-1']);
  expect((await world.post('/commands/cleanup-messages', {})).status).toBe(422);
});
