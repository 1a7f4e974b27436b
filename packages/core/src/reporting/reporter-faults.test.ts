// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Recording, type ReportAnswer, startReportReceiver } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { MailProxyError } from '../errors.ts';
import { silentLog } from '../observability/log.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { openReportingWorld } from './reporting-world.case.ts';
import { NO_MESSAGES } from './take-messages.ts';

const FAULTS: readonly (readonly [fault: string, answer: ReportAnswer, lastError: string])[] = [
  ['500', { status: 500 }, 'the endpoint answered 500'],
  ['401', { status: 401, json: { ok: true } }, 'the endpoint answered 401'],
  ['a redirect', { status: 307, headers: { location: '/elsewhere' } }, 'the endpoint answered 307'],
  ['no answer at all', { hang: true }, 'no answer in time'],
  ['a connection that is cut', { destroy: true }, 'the connection failed: ECONNRESET'],
  ['200 with HTML', { raw: '<html>welcome</html>' }, 'the answer is not JSON'],
  ['200 with nothing', { raw: '' }, 'the answer is not JSON'],
  ['200 with a list', { json: [{ ok: true }] }, 'the answer has a wrong or missing field: ok'],
  ['200 with null', { raw: 'null' }, 'the answer is not a JSON object'],
  ['200 without ok', { json: { queued: 0 } }, 'the answer has a wrong or missing field: ok'],
  ['200 with ok: "true"', { json: { ok: 'true' } }, 'the answer has a wrong or missing field: ok'],
  ['200 with ok: false', { json: { ok: false } }, 'the answer says ok: false'],
  [
    '200 with two megabytes',
    { raw: JSON.stringify({ ok: true, pad: 'x'.repeat(2_000_000) }) },
    'the answer is larger than 1048576 bytes',
  ],
];

describe('a call that fails acknowledges nothing, and the same events come again', () => {
  test.each(FAULTS)('%s', async (_fault, answer, lastError) => {
    await using world = await openReportingWorld();
    await using endpoint = await startReportReceiver({ answer: (_, n) => (n === 1 ? answer : {}) });
    await world.addTold('acme', `${endpoint.url}/sync`);
    const ids = [await world.addEvent('acme'), await world.addEvent('acme', { type: 'deferred' })];
    const seen: (string | null)[] = [];
    await using running = world.report({
      // The call that comes after one that hangs has as long.
      settings: { timeoutMs: 2_000 },
      log: { debug() {}, info() {}, warn: (fields) => void seen.push(String(Object(fields).reason)), error() {} },
    });
    await running.acknowledged.waitFor(1);

    expect(seen).toEqual([lastError]);
    expect(endpoint.requests.map((call) => call.path)).toEqual(['/sync', '/sync']);
    expect(endpoint.requests.map((call) => call.reports.map((report) => report['event_id']))).toEqual([ids, ids]);
    expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 2, failures: 0, last_error: null });
  });

  test('nobody listens', async () => {
    await using world = await openReportingWorld();
    const gone = await startReportReceiver();
    await gone.close();
    await world.addTold('acme', gone.url);
    await world.addEvent('acme');
    await using running = world.report();
    await running.failures.waitFor(2);
    await running.stop();
    expect(await world.events.cursor('acme')).toMatchObject({
      acked_seq: 0,
      failures: running.failures.items.length,
      last_error: 'the connection failed: ECONNREFUSED',
    });
  });
});

test('back-off survives a new start, doubles, and run-now overrides it', async () => {
  await using world = await openReportingWorld();
  let broken = true;
  await using endpoint = await startReportReceiver({ answer: () => (broken ? { status: 500 } : {}) });
  await using other = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const patient = { random: () => 0.1 };
  {
    await using first = world.report(patient);
    for (let failures = 1; failures <= 6; failures++) {
      if (failures > 1) first.reporter.runNow('acme');
      await first.failures.waitFor(failures);
    }
    await first.stop();
  }
  const cursor = await world.events.cursor('acme');
  expect(cursor?.failures).toBe(6);
  // The sixth failure in a row: 0.9 of 32 s.
  expect(cursor?.next_attempt_at).toBeGreaterThan(Date.now() + 10_000);

  await world.addTold('other', other.url);
  await using second = world.report(patient);
  await world.addEvent('acme');
  second.reporter.wake('acme');
  await second.sequenced.waitFor(1);
  await other.waitForRequests(1);
  expect(endpoint.requests).toHaveLength(6);
  broken = false;
  second.reporter.runNow('acme');
  await second.acknowledged.waitFor(2);
  // The batch that failed comes again as it was, under the same id, and what happened since comes after it.
  const told = endpoint.requests.slice(5).map(({ reports, headers }) => [reports.length, headers['webhook-id']]);
  expect(told).toEqual([
    [1, endpoint.requests[0]?.headers['webhook-id']],
    [1, endpoint.requests[0]?.headers['webhook-id']],
    [1, expect.not.stringMatching(String(endpoint.requests[0]?.headers['webhook-id']))],
  ]);
});

test('tenants that hang, more of them than there are calls, delay no other for long', async () => {
  await using world = await openReportingWorld();
  await using hanging = await startReportReceiver({ answer: () => ({ hang: true }) });
  await using good = await startReportReceiver();
  for (let i = 0; i < 6; i++) {
    await world.addTold(`hanging-${i}`, hanging.url);
    await world.addEvent(`hanging-${i}`);
  }
  await world.addTold('good', good.url);
  await using running = world.report({ settings: { concurrency: 2, timeoutMs: 100 } });
  for (let i = 1; i <= 5; i++) {
    await world.addEvent('good');
    running.reporter.wake('good');
    await good.waitForReports(i);
  }
  expect(good.reports.map((report) => report['seq'])).toEqual([1, 2, 3, 4, 5]);
});

test('a tenant that hangs keeps only its own call', async () => {
  await using world = await openReportingWorld();
  await using hanging = await startReportReceiver({ answer: () => ({ hang: true }) });
  await using good = await startReportReceiver();
  await world.addTold('hanging', hanging.url);
  await world.addTold('good', good.url);
  await world.addEvent('hanging');
  await using running = world.report({ settings: { concurrency: 2, timeoutMs: 600_000 } });
  await hanging.waitForRequests(1);
  for (let i = 1; i <= 3; i++) {
    await world.addEvent('good');
    running.reporter.wake('good');
    running.reporter.wake('hanging');
    await good.waitForReports(i);
  }
  expect(hanging.requests).toHaveLength(1);
});

test('stopping waits for the call under way and keeps its acknowledgement', async () => {
  await using world = await openReportingWorld();
  const held = Promise.withResolvers<ReportAnswer>();
  await using endpoint = await startReportReceiver({ answer: () => held.promise });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  await using running = world.report();
  await endpoint.waitForRequests(1);
  const stopped = running.stop();
  await world.addEvent('acme');
  running.reporter.wake('acme');
  held.resolve({});
  await stopped;
  expect(endpoint.requests).toHaveLength(1);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 1, failures: 0 });
});

test('an abandoned call counts neither as acknowledged nor as failed', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ hang: true }) });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  {
    await using _running = world.report({ shared: true });
    await endpoint.waitForRequests(1);
  }
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 0, failures: 0, next_attempt_at: 0 });
});

test('a target that cannot be had is a failed call of that tenant only', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('sealed', endpoint.url);
  await world.addTold('good', endpoint.url);
  await world.addEvent('sealed');
  await world.addEvent('good');
  await using running = world.report({
    random: () => 0.01,
    targetOf: (tenantId) => {
      if (tenantId === 'sealed') throw new MailProxyError('sealed_with_unknown_key');
      return world.targetOf(tenantId);
    },
  });
  await running.failures.waitFor(1);
  await running.acknowledged.waitFor(1);
  await running.stop();
  expect(endpoint.requests).toHaveLength(1);
  expect(await world.events.cursor('sealed')).toMatchObject({
    failures: 1,
    last_error: 'the endpoint cannot be determined: sealed_with_unknown_key',
  });
});

test('an endpoint whose messages find no room is called ever more rarely, however much there is to tell', async () => {
  await using world = await openReportingWorld();
  const clock = new VirtualClock();
  const calledAt: number[] = [];
  await using endpoint = await startReportReceiver({
    answer: () => {
      calledAt.push(clock.monotonic());
      return { json: { ok: true, messages: [{ id: 'answered' }] } };
    },
  });
  await world.addTold('acme', endpoint.url);
  const ids = [await world.addEvent('acme')];
  const brokenOff = new Recording<unknown>('turn that broke off');
  const isFull = { now: true };
  await using running = world.report({
    clock,
    takeMessages: async () => {
      if (isFull.now) throw new MailProxyError('storage_full');
      return NO_MESSAGES;
    },
    log: { ...silentLog, error: (fields) => brokenOff.add(Object(fields).err) },
  });
  await brokenOff.waitFor(1);
  for (const [index, pauseMs] of [1_000, 2_000, 4_000].entries()) {
    for (const ms of [pauseMs - 1, 1]) {
      ids.push(await world.addEvent('acme'));
      running.reporter.wake('acme');
      await clock.advance(ms);
    }
    await brokenOff.waitFor(index + 2);
  }
  expect(calledAt).toEqual([0, 1_000, 3_000, 7_000]);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 0, failures: 0 });

  isFull.now = false;
  await clock.advance(8_000);
  expect(await running.acknowledged.waitFor(1)).toMatchObject([{ tenantId: 'acme', ids }]);
});

test('credentials go as the tenant wants them, and never into an error', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('bearer', endpoint.url, { method: 'bearer', token: 's3cret' });
  await world.addTold('basic', endpoint.url, { method: 'basic', user: 'anna', password: 'pässword' });
  await world.addTold('none', endpoint.url);
  await world.addTold('broken', endpoint.url, { method: 'bearer', token: 'tok\nen' });
  for (const id of ['bearer', 'basic', 'none', 'broken']) await world.addEvent(id);
  await using running = world.report({ random: () => 0.01 });
  await running.acknowledged.waitFor(3);
  await running.failures.waitFor(1);
  await running.stop();
  const sent = new Map(endpoint.requests.map((call) => [call.reports[0]?.['tenant_id'], call.headers.authorization]));
  expect(sent.get('bearer')).toBe('Bearer s3cret');
  expect(sent.get('basic')).toBe(`Basic ${Buffer.from('anna:pässword').toString('base64')}`);
  expect(sent.get('none')).toBeUndefined();
  expect((await world.events.cursor('broken'))?.last_error).toBe(
    'the request cannot be sent: a header holds what none may',
  );
});
