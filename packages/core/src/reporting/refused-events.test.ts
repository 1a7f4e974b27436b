// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startReportReceiver } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { silentLog } from '../observability/log.ts';
import { movingClock, openReportingWorld, START } from './reporting-world.case.ts';
import { serveTenant } from './serve-tenant.ts';
import { PLAIN_TURN } from './tenant-schedule.ts';

const FRESH = { ...PLAIN_TURN, fresh: true };
const never = new AbortController().signal;

test('a refused event comes again later with its own back-off, and holds back only later ones of its message', async () => {
  await using world = await openReportingWorld();
  let refuses = true;
  await using endpoint = await startReportReceiver({
    answer: () => ({ json: { ok: true, ...(refuses ? { error: ['a'] } : {}) } }),
  });
  await world.addTold('acme', endpoint.url);
  for (const id of ['a', 'b']) await world.addMessage('acme', id);
  const { clock, pass } = movingClock();
  // Jitter draws all of the delay.
  const parts = world.partsOf({ clock, random: () => 0 });
  const turn = () => serveTenant(parts, 'acme', FRESH, never);
  const calls = () => endpoint.requests.map(({ reports }) => reports.map((report) => report['event_id']));

  const a1 = await world.addEvent('acme', { message: 'a', type: 'deferred' });
  const b1 = await world.addEvent('acme', { message: 'b' });
  await turn();
  expect(calls()).toEqual([[a1, b1]]);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 2, failures: 0 });
  expect(await parts.exceptions.open('acme', clock.now())).toEqual({ open: 1, nextAt: START + 30_000 });

  // Not due yet: what is new of another message goes, what is new of the same one waits.
  const a2 = await world.addEvent('acme', { message: 'a' });
  const b2 = await world.addEvent('acme', { message: 'b' });
  await turn();
  await turn();
  expect(calls().slice(1)).toEqual([[b2]]);

  pass(30_000);
  await turn();
  expect(calls().slice(2)).toEqual([[a1, a2]]);
  // Refused a second time, together with what came after it.
  expect(await parts.exceptions.open('acme', clock.now())).toEqual({ open: 2, nextAt: clock.now() + 30_000 });
  pass(60_000);
  refuses = false;
  await turn();
  expect(calls().slice(3)).toEqual([[a1, a2]]);
  expect(await parts.exceptions.open('acme', clock.now())).toEqual({ open: 0, nextAt: null });
  const ids = new Set(endpoint.requests.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(endpoint.requests.length);
});

test.each(['id', 'pk', 'event_id'])('what the tenant refuses may be named by %s', async (name) => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({
    answer: (_, n, { reports }) => ({ json: { ok: true, error: n === 1 ? [reports[0]?.[name]] : [] } }),
  });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  await using running = world.report({ random: () => 0.999_999 });
  await endpoint.waitForRequests(2);
  await running.stop();
  expect(endpoint.requests[1]?.reports).toEqual(endpoint.requests[0]?.reports);
});

test('what the tenant does not know counts as told and is recorded, and a strange id changes nothing', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({
    answer: () => ({ json: { ok: true, not_found: ['acme-mail', 7], error: ['nobody'] } }),
  });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const warnings: object[] = [];
  await using running = world.report({ log: { ...silentLog, warn: (fields) => warnings.push(fields) } });
  await running.acknowledged.waitFor(1);
  await running.stop();
  expect(warnings).toEqual([{ tenantId: 'acme', refused: 0, notFound: 1, strange: 2 }]);
  expect(endpoint.requests).toHaveLength(1);
  const { items } = await world.partsOf().calls.list('acme', { limit: 10 });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ number: 1, events: 1, status: 200, error: null, host: new URL(endpoint.url).host });
  expect(JSON.parse(items[0]?.detail ?? '')).toEqual({
    refused: ['nobody'],
    refusedCount: 1,
    notFound: ['acme-mail', '7'],
    notFoundCount: 2,
  });
});

test('by hand a refused event is offered before its time', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({
    answer: (_, n) => ({ json: { ok: true, error: n === 1 ? ['acme-mail'] : [] } }),
  });
  await world.addTold('acme', endpoint.url);
  const id = await world.addEvent('acme');
  const parts = world.partsOf({ clock: movingClock().clock, random: () => 0 });
  await serveTenant(parts, 'acme', FRESH, never);
  await serveTenant(parts, 'acme', FRESH, never);
  expect(endpoint.requests).toHaveLength(1);
  await serveTenant(parts, 'acme', { ...FRESH, force: true }, never);
  expect(endpoint.requests[1]?.reports).toMatchObject([{ event_id: id }]);
});

test('an event that is refused for too long is given up, seen in a list, and replayed on demand', async () => {
  await using world = await openReportingWorld();
  let refuses = true;
  await using endpoint = await startReportReceiver({
    answer: () => ({ json: { ok: true, error: refuses ? ['acme-mail'] : [] } }),
  });
  await world.addTold('acme', endpoint.url);
  const first = await world.addEvent('acme', { type: 'deferred' });
  const { clock, pass } = movingClock();
  const parts = world.partsOf({ clock, settings: { maxAgeMs: 86_400_000 } });
  await serveTenant(parts, 'acme', FRESH, never);
  const second = await world.addEvent('acme');
  await serveTenant(parts, 'acme', FRESH, never);
  pass(86_400_001);
  await serveTenant(parts, 'acme', FRESH, never);
  expect((await parts.givenUp.list('acme', { limit: 10 })).items).toMatchObject([
    { pk: first, first_seq: 1, last_seq: 1, reason: 'the tenant refused it each time' },
  ]);
  // The one behind it has its own time.
  expect(await parts.exceptions.open('acme', clock.now())).toMatchObject({ open: 1 });
  refuses = false;
  pass(3_600_000);
  await serveTenant(parts, 'acme', FRESH, never);
  expect(endpoint.reports.at(-1)).toMatchObject({ event_id: second });

  const range = { firstSeq: 1, lastSeq: 1, firstAt: 0, lastAt: Number.MAX_SAFE_INTEGER, messagePk: null };
  expect(await world.replays.replay('acme', range, { now: clock.now(), limit: 10 })).toEqual({
    events: 1,
    stoppedAt: null,
  });
  expect((await parts.givenUp.list('acme', { limit: 10 })).items).toEqual([]);
  await serveTenant(parts, 'acme', FRESH, never);
  expect(endpoint.reports.at(-1)).toMatchObject({ event_id: first, seq: 1 });
  expect(await parts.exceptions.open('acme', clock.now())).toEqual({ open: 0, nextAt: null });
});
