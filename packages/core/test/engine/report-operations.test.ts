// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type ReportAnswer, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, type EngineWorld, eventsUntil, mail, openWorld } from './engine-world.case.ts';

const TENANT = { tenant_id: 'default' };

/** What the operations of this test answer with, each some of it. */
interface Answer {
  readonly id: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly next_sync_after: string | null;
  readonly items: readonly { readonly id: string; readonly answer: string; readonly expires_at: string | null }[];
  readonly next: string | null;
}

async function ask({ engine }: EngineWorld, operation: string, input: object = TENANT): Promise<Answer> {
  // By the output schemas of the operations.
  return (await engine.execute(operation, input)) as Answer;
}

async function tellDefault(world: EngineWorld, url: string): Promise<void> {
  await world.engine.execute('tenants.update', { ...TENANT, client_base_url: url });
}

/** Wait until the state of the tenant's reporting is as said. */
async function reporting(world: EngineWorld, fields: object): Promise<void> {
  await eventually(async () => {
    const state = new Map(Object.entries(await ask(world, 'tenants.reporting')));
    return Object.entries(fields).every(([name, value]) => state.get(name) === value);
  });
}

test('an endpoint that is gone shows, refuses to be synced, and is called again once it is enabled or moved', async () => {
  await using relay = await startSmtpSink();
  let answer: ReportAnswer = { status: 410 };
  await using receiver = await startReportReceiver({ answer: () => answer });
  await using world = await openWorld();
  await addAccount(world, relay);
  await expect(ask(world, 'tenants.sync')).rejects.toMatchObject({ code: 'conflict' });
  await tellDefault(world, receiver.url);
  await world.engine.submit([mail('m1')]);
  await receiver.waitForRequests(1);
  await reporting(world, { enabled: false });
  await eventsUntil(world, ({ event }) => event === 'sent');
  await reporting(world, { waiting: 1 });
  expect(await ask(world, 'tenants.reporting')).toMatchObject({
    disabled_at: expect.stringMatching(/^20/),
    waiting: 1,
    oldest_waiting_at: expect.stringMatching(/^20/),
    failures: 1,
    last_error: 'the endpoint answered 410',
    breaker: 'closed',
    acked_seq: 0,
    last_seq: 1,
  });
  await expect(ask(world, 'tenants.sync')).rejects.toMatchObject({ code: 'conflict' });

  await ask(world, 'tenants.enable-reporting');
  await receiver.waitForRequests(2);
  await reporting(world, { enabled: false });
  // The same address again is no move.
  await tellDefault(world, receiver.url);
  expect((await ask(world, 'tenants.reporting')).enabled).toBe(false);
  answer = {};
  await tellDefault(world, `${receiver.url}/moved`);
  await receiver.waitForReports(({ id }) => id === 'm1');
  await reporting(world, { enabled: true, waiting: 0, failures: 0 });
  expect(receiver.requests.at(-1)?.path).toBe('/moved/mail-proxy/sync');
});

test('sync calls a tenant at once that asked not to be disturbed, and its calls are listed', async () => {
  await using receiver = await startReportReceiver({
    answer: () => ({ json: { ok: true, next_sync_after: Date.now() / 1_000 + 3_600 } }),
  });
  await using world = await openWorld();
  await tellDefault(world, receiver.url);
  await receiver.waitForRequests(1);
  await reporting(world, { waiting: 0, enabled: true });
  await eventually(async () => (await ask(world, 'tenants.reporting')).next_sync_after !== null);
  expect(await ask(world, 'tenants.sync')).toMatchObject({ enabled: true });
  await receiver.waitForRequests(2);
  await eventually(async () => (await ask(world, 'tenants.report-calls')).items.length === 2);
  const { items, next } = await ask(world, 'tenants.report-calls', { ...TENANT, limit: 1 });
  expect(items).toMatchObject([
    { number: 2, events: 0, status: 200, host: new URL(receiver.url).host, error: null, refused_count: 0 },
  ]);
  expect(items[0]?.answer).toContain('next_sync_after');
  expect((await ask(world, 'tenants.report-calls', { ...TENANT, after: next })).items).toMatchObject([{ number: 1 }]);
});

test('events are replayed by range, by time and by message, under their own ids', async () => {
  await using relay = await startSmtpSink();
  await using receiver = await startReportReceiver();
  await using world = await openWorld();
  await addAccount(world, relay);
  await expect(ask(world, 'events.replay', { ...TENANT, first_seq: 1 })).rejects.toMatchObject({ code: 'conflict' });
  await tellDefault(world, receiver.url);
  await world.engine.submit([mail('m1'), mail('m2'), mail('m3')]);
  await receiver.waitForReports(3);
  await reporting(world, { waiting: 0, acked_seq: 3 });
  const ids = (from: number) => receiver.reports.slice(from).map((report) => report['event_id']);
  const told = ids(0);

  expect(await ask(world, 'events.replay', { ...TENANT, first_seq: 2, last_seq: 9 })).toEqual({
    events: 2,
    next_seq: null,
  });
  await receiver.waitForReports(5);
  expect(ids(3)).toEqual(told.slice(1));
  await reporting(world, { waiting: 0 });
  const first = receiver.reports[0];
  await ask(world, 'events.replay', { ...TENANT, message_id: String(first?.['id']) });
  await receiver.waitForReports(6);
  expect(ids(5)).toEqual(told.slice(0, 1));
  await reporting(world, { waiting: 0 });
  const at = { from: '2020-01-01T00:00:00Z', to: new Date(Date.now() + 60_000).toISOString() };
  expect(await ask(world, 'events.replay', { ...TENANT, ...at })).toEqual({ events: 3, next_seq: null });
  await receiver.waitForReports(9);
  expect(ids(6)).toEqual(told);
  // Each is another batch: who drops what came before under its id does not drop these.
  const webhookIds = receiver.requests
    .filter(({ reports }) => reports.length > 0)
    .map(({ headers }) => headers['webhook-id']);
  expect(new Set(webhookIds).size).toBe(webhookIds.length);

  await expect(ask(world, 'events.replay', TENANT)).rejects.toMatchObject({ code: 'invalid_input' });
  const wrong = { ...TENANT, from: 'yesterday' };
  await expect(ask(world, 'events.replay', wrong)).rejects.toMatchObject({ problems: [{ pointer: '/from' }] });
  expect(await ask(world, 'events.given-up')).toEqual({ items: [], next: null });
});

test('a secret is shown once and signs; rotated, both sign until the overlap is over', async () => {
  await using receiver = await startReportReceiver();
  await using world = await openWorld();
  const first = await ask(world, 'tenants.rotate-signing-secret');
  expect(first).toMatchObject({
    tenant_id: 'default',
    expires_at: null,
    secret: expect.stringMatching(/^whsec_.{43}=$/),
  });
  await tellDefault(world, receiver.url);
  const signatures = async (call: number): Promise<number> => {
    const all = await receiver.waitForRequests(call);
    return String(all[call - 1]?.headers['webhook-signature']).split(' ').length;
  };
  expect(await signatures(1)).toBe(1);
  const brought = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const second = await ask(world, 'tenants.rotate-signing-secret', { ...TENANT, secret: brought });
  expect(second.secret).toBe(brought);
  await ask(world, 'tenants.sync');
  expect(await signatures(2)).toBe(2);
  const { items } = await ask(world, 'tenants.list-signing-secrets');
  expect(items.map(({ id, expires_at }) => [id, expires_at !== null])).toEqual([
    [first.id, true],
    [second.id, false],
  ]);
  expect(JSON.stringify(items)).not.toContain('whsec_');
  await ask(world, 'tenants.revoke-signing-secret', { ...TENANT, secret_id: first.id });
  await ask(world, 'tenants.sync');
  expect(await signatures(3)).toBe(1);
  for (const line of world.logged) expect(line).not.toContain('whsec_');
  const log = await ask(world, 'command-log.list', {});
  expect(JSON.stringify(log)).not.toContain(brought);

  for (let more = 0; more < 4; more++) await ask(world, 'tenants.rotate-signing-secret');
  await expect(ask(world, 'tenants.rotate-signing-secret')).rejects.toMatchObject({ code: 'conflict' });
  const short = { ...TENANT, secret: 'whsec_c2hvcnQ=' };
  await expect(ask(world, 'tenants.rotate-signing-secret', short)).rejects.toMatchObject({
    problems: [{ pointer: '/secret', message: 'expected whsec_ and the base64 of 24 to 64 bytes' }],
  });
  const nobody = { tenant_id: 'nobody' };
  await expect(ask(world, 'tenants.rotate-signing-secret', nobody)).rejects.toMatchObject({ code: 'not_found' });
});
