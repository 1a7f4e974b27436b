// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, type EngineWorld, mail, openWorld } from './engine-world.case.ts';
import { startHeldRelay } from './held-relay.case.ts';

const LATER = { deferred_ts: 4_000_000_000 };

const remove = ({ engine }: EngineWorld, ids: readonly string[]) => engine.execute('messages.remove', { ids });

async function idsOf({ engine }: EngineWorld): Promise<readonly string[]> {
  const { items } = Object(await engine.execute('messages.list', {}));
  return items.map(({ id }: { readonly id: string }) => id).toSorted();
}

async function isSent({ engine }: EngineWorld, id: string): Promise<void> {
  await expect
    .poll(() => engine.execute('messages.get', { message_id: id }), { timeout: 20_000 })
    .toMatchObject({ result: 'sent' });
}

test('what waits is cancelled and removed, and its id is free again; that of what was sent stays taken', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink);
  await world.engine.submit([mail('sent'), mail('waiting', LATER), mail('other', LATER)]);
  await isSent(world, 'sent');
  expect(await remove(world, ['waiting', 'sent', 'nobody'])).toEqual({
    removed: 2,
    results: [
      { id: 'waiting', status: 'removed' },
      { id: 'sent', status: 'removed' },
      { id: 'nobody', status: 'not_found' },
    ],
  });
  expect(await idsOf(world)).toEqual(['other']);
  expect(await world.engine.submit([mail('waiting', LATER), mail('sent')])).toMatchObject({
    results: [{ status: 'accepted' }, { status: 'rejected', code: 'duplicate_id', result: 'sent' }],
  });
});

test('what is being sent stays, and so does what is another tenant’s', async () => {
  await using relay = await startHeldRelay();
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.execute('tenants.create', { id: 'acme' });
  await world.engine.execute('accounts.create', { tenant_id: 'acme', id: 'main', host: '127.0.0.1', port: 1 });
  await world.engine.submit([mail('sending')]);
  await world.engine.submit([mail('theirs', LATER)], { tenantId: 'acme' });
  await relay.begun;
  expect(await world.engine.execute('messages.remove', { tenant_id: 'default', ids: ['sending', 'theirs'] })).toEqual({
    removed: 0,
    results: [
      { id: 'sending', status: 'in_flight' },
      { id: 'theirs', status: 'not_found' },
    ],
  });
  relay.release();
  await isSent(world, 'sending');
  expect(await idsOf(world)).toEqual(['sending', 'theirs']);
});

test('pruning removes what ended before and was told, of one tenant or of all', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink);
  let isTaken = false;
  await using endpoint = await startReportReceiver({ answer: () => ({ json: { ok: isTaken } }) });
  await world.engine.execute('tenants.create', { id: 'acme', client_base_url: endpoint.url });
  await world.engine.execute('accounts.create', {
    tenant_id: 'acme',
    ...{ id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' },
  });
  await world.engine.submit([mail('mine'), mail('waiting', LATER)]);
  await world.engine.submit([mail('theirs')], { tenantId: 'acme' });
  await isSent(world, 'mine');
  await isSent(world, 'theirs');
  const prune = (input: object) => world.engine.execute('messages.prune', input);
  expect(await prune({})).toEqual({ removed: 0 });
  expect(await prune({ older_than_seconds: 3_600 })).toEqual({ removed: 0 });
  // Nobody took the report of the other tenant yet.
  expect(await prune({ older_than_seconds: 0 })).toEqual({ removed: 1 });
  expect(await idsOf(world)).toEqual(['theirs', 'waiting']);
  isTaken = true;
  await world.engine.execute('tenants.sync', { tenant_id: 'acme' });
  await expect.poll(() => prune({ tenant_id: 'acme', older_than_seconds: 0 })).toEqual({ removed: 1 });
  expect(await idsOf(world)).toEqual(['waiting']);
});
