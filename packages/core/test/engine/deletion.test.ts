// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { addAccount, type EngineWorld, mail, openWorld } from './engine-world.case.ts';
import { startHeldRelay } from './held-relay.case.ts';

const DELETE = { account_id: 'main', tenant_id: 'default' };

async function idsOf({ engine }: EngineWorld): Promise<readonly string[]> {
  const { items } = Object(await engine.execute('messages.list', { tenant_id: 'default' }));
  return items.map(({ id }: { readonly id: string }) => id);
}

test('an account with waiting mail is kept, with how much waits in each state', async () => {
  await using world = await openWorld({ start: false });
  await addAccount(world, { port: 1 });
  await world.engine.submit([mail('one'), mail('two'), mail('later', { deferred_ts: 4_000_000_000 })]);
  await expect(world.engine.execute('accounts.delete', DELETE)).rejects.toMatchObject({
    code: 'in_use',
    extra: { messages: 3, waiting_messages: 3, ready: 2, deferred: 1 },
  });
  await expect(world.engine.execute('tenants.delete', { tenant_id: 'default' })).rejects.toMatchObject({
    code: 'in_use',
    extra: { accounts: 1, waiting_messages: 3, ready: 2, deferred: 1 },
  });
  expect(await idsOf(world)).toHaveLength(3);
});

test('with mode cancel what waits is cancelled, each with its event, and the ids stay taken', async () => {
  await using world = await openWorld({ start: false });
  await addAccount(world, { port: 1 });
  await world.engine.execute('tenants.create', { id: 'acme', client_base_url: 'http://127.0.0.1:1' });
  const relay = { tenant_id: 'acme', id: 'main', host: '127.0.0.1', port: 1, tls: 'none' };
  await world.engine.execute('accounts.create', relay);
  const ids = Array.from({ length: 250 }, (_, n) => `m${n}`);
  await world.engine.submit(
    ids.map((id) => mail(id)),
    { tenantId: 'acme' },
  );
  const remove = (mode: string) =>
    world.engine.execute('accounts.delete', { account_id: 'main', tenant_id: 'acme', mode });
  // Nobody has told the tenant yet.
  await expect(remove('cancel')).rejects.toMatchObject({ code: 'in_use', extra: { unreported_events: 250 } });
  const { items } = Object(await world.engine.execute('messages.list', { tenant_id: 'acme', limit: 1_000 }));
  expect(new Set(items.map((one: { readonly result: string }) => one.result))).toEqual(new Set(['cancelled']));
  await remove('discard');
  expect(Object(await world.engine.execute('messages.list', { tenant_id: 'acme' })).items).toEqual([]);
  await world.engine.execute('accounts.create', relay);
  expect(await world.engine.submit([mail('m7')], { tenantId: 'acme' })).toMatchObject({
    results: [{ code: 'duplicate_id', state: 'final', result: 'cancelled' }],
  });
});

test('with mode cancel an account goes once its events were told, and one that is being sent is waited for', async () => {
  const told: string[] = [];
  await using relay = await startHeldRelay();
  await using world = await openWorld({
    reportSink: async (batch) => {
      told.push(...batch.map(({ id, event }) => `${id} ${event}`));
      return { ok: true };
    },
  });
  await addAccount(world, relay);
  await world.engine.submit([mail('sending'), mail('later', { deferred_ts: 4_000_000_000 })]);
  await relay.begun;
  const remove = () => world.engine.execute('accounts.delete', { ...DELETE, mode: 'cancel' });
  await expect(remove()).rejects.toMatchObject({ code: 'in_use', extra: { leased: 1 }, retryAfterMs: 5_000 });
  relay.release();
  await expect.poll(remove, { timeout: 20_000 }).toBeNull();
  expect(told.toSorted()).toEqual(['later cancelled', 'sending sent']);
  expect(await idsOf(world)).toEqual([]);
});

test('a tenant goes with all that it has', async () => {
  await using world = await openWorld({ start: false });
  await world.engine.execute('tenants.create', { id: 'acme' });
  for (const id of ['one', 'two']) {
    await world.engine.execute('accounts.create', { tenant_id: 'acme', id, host: '127.0.0.1', port: 1, tls: 'none' });
    await world.engine.submit([mail(`of-${id}`, { account_id: id })], { tenantId: 'acme' });
  }
  await world.engine.execute('tenants.delete', { tenant_id: 'acme', mode: 'cancel' });
  await expect(world.engine.execute('tenants.get', { tenant_id: 'acme' })).rejects.toMatchObject({ code: 'not_found' });
  await world.engine.execute('tenants.create', { id: 'acme' });
  const relay = { tenant_id: 'acme', id: 'one', host: '127.0.0.1', port: 1, tls: 'none' };
  await world.engine.execute('accounts.create', relay);
  expect(await world.engine.submit([mail('of-one')], { tenantId: 'acme' })).toMatchObject({ accepted: 1 });
});
