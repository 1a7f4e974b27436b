// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type SmtpReply, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { lanePage } from '../../src/entities/lane/lane.schema.ts';
import { statisticsOutput } from '../../src/entities/statistics/statistics.schema.ts';
import { TRAFFIC_KINDS } from '../../src/entities/statistics/statistics.table.ts';
import { tenantPrincipal } from '../../src/operations/principal.ts';
import { addAccount, type EngineWorld, mail, openWorld } from './engine-world.case.ts';

const LATER = { deferred_ts: 4_000_000_000 };

async function run({ engine }: EngineWorld, operation: string, input: object, tenant?: string): Promise<unknown> {
  const caller = tenant === undefined ? undefined : { principal: tenantPrincipal(tenant), origin: 'test' };
  return engine.execute(operation, input, caller);
}

/** With the sums of its series, in the order of the kinds: it may have begun in the minute before. */
async function statistics(world: EngineWorld, input: object = {}, tenant?: string) {
  const found = v.parse(statisticsOutput, await run(world, 'stats.get', input, tenant));
  const sums = TRAFFIC_KINDS.map((kind) => found.series.reduce((total, minute) => total + minute[kind], 0));
  return { ...found, sums: sums.join(' ') };
}

function judge(address: string): SmtpReply | null {
  if (address.startsWith('no@')) return { code: 550, text: '5.1.1 no such user' };
  return address.startsWith('later@') ? { code: 451, text: '4.2.0 later' } : null;
}

test('what was accepted, sent, refused, deferred and reported is counted by minute, tenant and lane, and outlives the engine', async () => {
  await using sink = await startSmtpSink({ onRcpt: judge });
  await using receiver = await startReportReceiver();
  await using world = await openWorld({ retry: { baseMs: 3_600_000, maxDelayMs: 3_600_000 } });
  const { engine } = world;
  await engine.execute('tenants.create', { id: 'globex', client_base_url: receiver.url });
  await addAccount(world, sink);
  await addAccount(world, sink, { tenant_id: 'globex', id: 'theirs' });
  await engine.submit([mail('a'), mail('b', { priority: 'high' }), mail('c', { ...LATER, priority: 'low' })]);
  await engine.submit([mail('d', { to: ['no@example.org'] }), mail('e', { to: ['later@example.org'] })]);
  await engine.submit([mail('f', { tenant_id: 'globex' })]);
  await receiver.waitForReports(1);

  const ofAll = '6 3 1 1 0 1';
  await expect.poll(async () => (await statistics(world)).sums, { timeout: 20_000 }).toBe(ofAll);
  expect(await statistics(world, { tenant_id: 'default' })).toMatchObject({ sums: '5 2 1 1 0 0' });
  expect(await statistics(world, {}, 'globex')).toMatchObject({ sums: '1 1 0 0 0 1', waiting: { total: 0 } });
  const { rates, series, waiting } = await statistics(world, { minutes: 5 });
  expect(rates).toEqual({ accepted: 6, sent: 3, failed: 1, deferred: 1, bounced: 0, reported: 1 });
  expect(series).toHaveLength(5);
  await expect.poll(async () => (await statistics(world)).waiting.by_state.deferred).toBe(2);
  expect((await statistics(world)).waiting).toMatchObject({ total: 2, by_priority: { medium: 1, low: 1, high: 0 } });
  expect(waiting.by_state).toMatchObject({ in_doubt: 0, held: 0 });

  const lanes = v.parse(lanePage, await engine.execute('lanes.list', {}));
  expect(lanes.items).toMatchObject([
    {
      account_id: 'main',
      host: `127.0.0.1:${sink.port}`,
      state: 'waiting',
      waiting_for: { kind: 'retry' },
      deferred: 2,
      last_minute: { sent: 2, failed: 1, deferred: 1 },
      connections: expect.any(Number),
    },
    { tenant_id: 'globex', account_id: 'theirs', state: 'idle', waiting_for: null, last_minute: { sent: 1 } },
  ]);
  expect(lanes.items[0]?.connections).toBeGreaterThan(0);
  expect(await run(world, 'lanes.list', {}, 'globex')).toMatchObject({ items: [{ account_id: 'theirs' }], next: null });

  await engine.stop();
  expect(await statistics(world)).toMatchObject({ sums: ofAll });
  expect(await statistics(world, {}, 'globex')).toMatchObject({ sums: '1 1 0 0 0 1' });
});

test('the age of the oldest event that a tenant did not take is told, and of the oldest message that is due', async () => {
  await using receiver = await startReportReceiver({ answer: () => ({ status: 503 }) });
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  const { engine } = world;
  await engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await addAccount(world, sink);
  expect(await statistics(world)).toMatchObject({ report_lag_ms: 0, oldest_due_at: null });
  await engine.submit([mail('a')]);
  await expect.poll(async () => (await statistics(world)).report_lag_ms, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(await statistics(world, { tenant_id: 'default' })).toMatchObject({ rates: { reported: 0 } });
  await engine.execute('instance.pause', {});
  await engine.submit([mail('b')]);
  // A reading is kept for a while, each for those who asked.
  const dueOf = async () => (await statistics(world, { tenant_id: 'default' })).oldest_due_at;
  await expect.poll(dueOf).not.toBeNull();
  const oldest_due_at = await dueOf();
  expect(Date.parse(oldest_due_at ?? '')).toBeLessThanOrEqual(Date.now());
  expect(await engine.execute('lanes.list', { state: 'paused' })).toMatchObject({
    items: [{ ready: 1, oldest_due_at, waiting_for: { kind: 'instance_paused' } }],
  });
});
