// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Recording, startReportReceiver } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import type { ReportEvent } from './report-protocol.ts';
import { SINK_TARGET, sinkReportTransport } from './report-transport.ts';
import { openReportingWorld } from './reporting-world.case.ts';

const QUEUED_NOTHING = { ok: true, queued: 0 };

test('events are pushed in the order of their numbers, at most a batch a call', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', `${endpoint.url}/sync`);
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await world.addEvent('acme'));
  await using running = world.report({ settings: { maxBatch: 2 } });

  await running.acknowledged.waitFor(3);
  expect(endpoint.requests.map((call) => call.reports.map((report) => report['seq']))).toEqual([[1, 2], [3, 4], [5]]);
  expect(endpoint.reports.map((report) => report['event_id'])).toEqual(ids);
  expect(endpoint.requests[0]).toMatchObject({
    method: 'POST',
    path: '/sync',
    headers: { 'content-type': 'application/json', 'user-agent': 'mail-proxy', 'accept-encoding': 'identity' },
  });
  expect(await world.events.cursor('acme')).toMatchObject({ last_seq: 5, acked_seq: 5, failures: 0 });
});

test('an event that is told of is pushed at once', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  await using running = world.report();
  await endpoint.waitForRequests(1); // nobody called this tenant before
  const id = await world.addEvent('acme');
  running.reporter.wake('acme');
  expect(await endpoint.waitForReports(1)).toMatchObject([{ event_id: id }]);
});

test('events that nobody told of are found by the next scan, or by a wake-up without a name', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  {
    await using _running = world.report({ settings: { intervalMs: 20 } });
    await endpoint.waitForRequests(1);
    const id = await world.addEvent('acme');
    expect(await endpoint.waitForReports(1)).toMatchObject([{ event_id: id }]);
  }
  await using running = world.report();
  await world.addEvent('acme');
  running.reporter.wake();
  await endpoint.waitForReports(2);
});

test('a new start goes on after what was acknowledged, and greets nobody too early', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  await world.addTold('quiet', endpoint.url);
  await world.addEvent('acme');
  await world.addEvent('quiet');
  {
    await using first = world.report();
    await first.acknowledged.waitFor(2);
    await first.stop();
  }
  const next = await world.addEvent('acme');
  await using second = world.report();
  await second.acknowledged.waitFor(1);
  await second.stop();
  expect(endpoint.requests).toHaveLength(3);
  expect(endpoint.requests[2]?.reports).toMatchObject([{ event_id: next, seq: 2 }]);
});

test('queued: null is no news and no error', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ json: { ok: true, queued: null } }) });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  await using running = world.report();
  await running.acknowledged.waitFor(1);
  await running.stop();
  expect(endpoint.requests).toHaveLength(1);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 1, failures: 0 });
});

test('a tenant with something queued is called again at once, with an empty list', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({
    answer: (_, n) => ({ json: { ok: true, queued: n < 3 ? 5 : 0 } }),
  });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  await using _running = world.report();
  await endpoint.waitForRequests(3);
  expect(endpoint.requests.map((call) => call.body)).toEqual([
    { delivery_report: [expect.objectContaining({ seq: 1 })] },
    { delivery_report: [] },
    { delivery_report: [] },
  ]);
});

test('who asked not to be disturbed is called with news only', async () => {
  await using world = await openReportingWorld();
  const later = Math.floor(Date.now() / 1_000) + 3_600;
  await using resting = await startReportReceiver({
    answer: () => ({ json: { ok: true, queued: 3, next_sync_after: later } }),
  });
  await using other = await startReportReceiver();
  await world.addTold('resting', resting.url);
  await world.addTold('other', other.url);
  await using running = world.report({ settings: { intervalMs: 20 } });

  await resting.waitForRequests(1);
  await other.waitForRequests(4);
  expect(resting.requests).toHaveLength(1);
  expect(await world.events.cursor('resting')).toMatchObject({ next_sync_after: later * 1_000 });

  const id = await world.addEvent('resting');
  running.reporter.wake('resting');
  expect(await resting.waitForReports(1)).toMatchObject([{ event_id: id }]);
  running.reporter.runNow('resting');
  expect((await resting.waitForRequests(3))[2]?.body).toEqual({ delivery_report: [] });
});

test('run-now without a name calls every tenant that has an endpoint', async () => {
  await using world = await openReportingWorld();
  await using one = await startReportReceiver();
  await using other = await startReportReceiver();
  await world.addTold('one', one.url);
  await world.addTold('other', other.url);
  await using running = world.report();
  await Promise.all([one.waitForRequests(1), other.waitForRequests(1)]);
  running.reporter.runNow();
  await Promise.all([one.waitForRequests(2), other.waitForRequests(2)]);
});

test('events of a tenant without an endpoint are numbered and wait', async () => {
  await using world = await openReportingWorld();
  await world.addTold('silent');
  await world.addEvent('silent');
  await using running = world.report();
  await running.sequenced.waitFor(1);
  await running.stop();
  expect(await world.events.listAfter('silent', 0, 10)).toHaveLength(1);
  expect(await world.events.cursor('silent')).toMatchObject({ last_seq: 1, acked_seq: 0, last_sync_at: null });
});

test('two engines on one database call a tenant once for each event', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ json: QUEUED_NOTHING, delayMs: 20 }) });
  await world.addTold('acme', endpoint.url);
  for (let i = 0; i < 6; i++) await world.addEvent('acme');
  const options = { shared: true, settings: { maxBatch: 1 } };
  await using one = world.report(options);
  await using other = world.report(options);
  await endpoint.waitForReports((report) => report['seq'] === 6);
  await Promise.all([one.stop(), other.stop()]);
  expect(endpoint.reports.map((report) => report['seq'])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 6, next_attempt_at: 0 });
});

test('a sink inside the process takes the place of the endpoints', async () => {
  await using world = await openReportingWorld();
  await world.addTold('acme');
  const ids = [await world.addEvent('acme'), await world.addEvent('acme', { type: 'error', detail: { reason: 'no' } })];
  const batches = new Recording<readonly ReportEvent[]>('batch');
  await using running = world.report({
    transport: sinkReportTransport(async (batch) => {
      batches.add(batch);
      if (batches.items.length === 1) throw new Error('not yet');
      return { ok: batches.items.length > 2 };
    }),
    targetOf: async () => SINK_TARGET,
  });
  await running.acknowledged.waitFor(1);
  expect(batches.items.map((batch) => batch.map((event) => event.event_id))).toEqual([ids, ids, ids]);
  running.reporter.runNow('acme');
  await running.stop();
  expect(batches.items).toHaveLength(3);
});

test('the lag counts what is numbered and not acknowledged', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ status: 503 }) });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  await using running = world.report({ random: () => 0.01 });
  await running.failures.waitFor(1);
  await running.stop();
  expect(await running.reporter.stats()).toMatchObject({ unacknowledged: 1, failing: 1, running: 0 });
});
