// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ReportAnswer, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld } from './engine-world.case.ts';

test('messages in an answer are accepted as if posted, each for itself, once, and for that tenant only', async () => {
  await using relay = await startSmtpSink();
  const messages = [
    mail('good'),
    mail('bad', { to: 'nobody at all' }),
    { ...mail('elsewhere'), tenant_id: 'other' },
    { ...mail('x'), id: undefined },
    'no message',
    mail('good', { subject: 'the same id' }),
    mail('no account', { account_id: 'unknown' }),
    mail('later', { deferred_ts: 4_000_000_000 }),
  ];
  const answer: ReportAnswer = { json: { ok: true, messages } };
  await using receiver = await startReportReceiver({ answer: (_, n) => (n <= 2 ? answer : {}) });
  await using world = await openWorld();
  await world.engine.execute('tenants.create', { id: 'other' });
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  // The first call without news brings them, the report of what was sent brings them again.
  await receiver.waitForReports(({ id, event }) => id === 'good' && event === 'sent');
  await world.engine.execute('tenants.sync', { tenant_id: 'default' });
  await receiver.waitForRequests(3);
  const stored = (await world.engine.execute('messages.list', {})) as { items: { id: string; tenant_id: string }[] };
  expect(stored.items.map(({ id, tenant_id }) => [id, tenant_id]).toSorted()).toEqual([
    ['good', 'default'],
    ['later', 'default'],
  ]);
  expect(relay.messages).toHaveLength(1);
  const { items } = (await world.engine.execute('tenants.report-calls', { tenant_id: 'default' })) as {
    items: Record<string, unknown>[];
  };
  const [second, first] = items.toReversed().slice(0, 2).toReversed();
  expect(first).toMatchObject({ messages_accepted: 2, messages_duplicate: 1, messages_rejected_count: 5 });
  expect(second).toMatchObject({ messages_accepted: 0, messages_duplicate: 3, messages_rejected_count: 5 });
  expect(first?.['messages_rejected']).toMatchObject([
    { index: 1, id: 'bad', code: 'invalid_input', reason: expect.stringContaining('/to') },
    { index: 2, id: 'elsewhere', code: 'invalid_input', reason: expect.stringContaining('/tenant_id') },
    { index: 3, id: null, code: 'invalid_input', reason: expect.stringContaining('/id: required') },
    { index: 4, id: null, code: 'invalid_input' },
    { index: 6, id: 'no account', code: 'unknown_account' },
  ]);
  expect(world.logged.filter((line) => line.includes('answer of a tenant was rejected')).length).toBe(10);
});

test('an answer that confirms nothing brings no messages either', async () => {
  await using relay = await startSmtpSink();
  await using receiver = await startReportReceiver({
    answer: (_, n) => ({ json: { ok: n > 1, messages: n > 1 ? [] : [mail('early')] } }),
  });
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await receiver.waitForRequests(1);
  await world.engine.execute('tenants.sync', { tenant_id: 'default' });
  await receiver.waitForRequests(2);
  expect(await world.engine.execute('messages.list', {})).toMatchObject({ items: [] });
});

test('more messages than a request may hold are not taken, and those before them are', async () => {
  await using relay = await startSmtpSink();
  const messages = ['m1', 'm2', 'm3'].map((id) => mail(id));
  await using receiver = await startReportReceiver({
    answer: (_, n) => (n === 1 ? { json: { ok: true, messages } } : {}),
  });
  await using world = await openWorld({ limits: { maxBatch: 2 } });
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await eventsUntil(world, (_, all) => all.filter(({ event }) => event === 'sent').length === 2);
  expect(await world.engine.execute('messages.list', {})).toMatchObject({ items: [{ id: 'm2' }, { id: 'm1' }] });
  const log = world.logged.find((line) => line.includes('answer of a tenant was rejected'));
  expect(log).toContain('batch_too_large');
});
