// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ReportAnswer, startReportReceiver } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { breakerOf } from '../entities/report/breaker.ts';
import { movingClock, openReportingWorld, START } from './reporting-world.case.ts';
import { serveTenant } from './serve-tenant.ts';
import { PLAIN_TURN } from './tenant-schedule.ts';

const FRESH = { ...PLAIN_TURN, fresh: true };
const never = new AbortController().signal;
const DAY_MS = 86_400_000;

test.each([
  [429, '120', 120_000],
  [503, '120', 120_000],
  [503, new Date(START + 90_000).toUTCString(), 90_000],
  [429, '999999999', DAY_MS],
  // It asks for less than the back-off, or has no business to ask.
  [503, '0', 1_000],
  [503, 'soon', 1_000],
  [500, '120', 1_000],
])('%i with Retry-After %s is called again after %i ms', async (status, retryAfter, delayMs) => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({
    answer: () => ({ status, headers: { 'retry-after': retryAfter } }),
  });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const { clock } = movingClock();
  const end = await serveTenant(world.partsOf({ clock, random: () => 0 }), 'acme', FRESH, never);
  expect(end).toMatchObject({ failing: true, next: { atMs: START + delayMs } });
  expect(await world.events.cursor('acme')).toMatchObject({ failures: 1, next_attempt_at: START + delayMs });
});

test('410 ends the calls until the endpoint is enabled again, and nothing is lost', async () => {
  await using world = await openReportingWorld();
  let isGone = true;
  await using endpoint = await startReportReceiver({ answer: () => (isGone ? { status: 410 } : {}) });
  await world.addTold('acme', endpoint.url);
  const ids = [await world.addEvent('acme')];
  const { clock, pass } = movingClock();
  const parts = world.partsOf({ clock });
  expect(await serveTenant(parts, 'acme', FRESH, never)).toEqual({ failing: true, next: null });
  ids.push(await world.addEvent('acme'));
  pass(DAY_MS);
  expect(await serveTenant(parts, 'acme', { ...FRESH, force: true }, never)).toEqual({ failing: false, next: null });
  expect(endpoint.requests).toHaveLength(1);
  expect(await world.events.cursor('acme')).toMatchObject({
    disabled_at: START,
    last_error: 'the endpoint answered 410',
  });
  expect(await world.events.lag()).toMatchObject({ disabled: 1, unacknowledged: 2 });

  isGone = false;
  expect(await world.events.enable('acme')).toBe(true);
  expect(await world.events.enable('acme')).toBe(false);
  await serveTenant(parts, 'acme', FRESH, never);
  expect(endpoint.requests[1]?.reports.map((report) => report['event_id'])).toEqual(ids);
});

test('an endpoint that failed five times is asked with an empty call first, and then told what failed', async () => {
  await using world = await openReportingWorld();
  let answer: ReportAnswer = { status: 500 };
  await using endpoint = await startReportReceiver({ answer: () => answer });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const { clock, pass } = movingClock();
  const parts = world.partsOf({ clock });
  const states: string[] = [];
  for (let call = 1; call <= 8; call++) {
    await serveTenant(parts, 'acme', FRESH, never);
    const cursor = (await world.events.cursor('acme'))!;
    states.push(breakerOf(cursor, clock.now()));
    pass(cursor.next_attempt_at - clock.now());
    expect(breakerOf(cursor, clock.now())).toBe(call < 5 ? 'closed' : 'half_open');
  }
  expect(states).toEqual(['closed', 'closed', 'closed', 'closed', 'open', 'open', 'open', 'open']);
  const sizes = () => endpoint.requests.map(({ reports }) => reports.length);
  expect(sizes()).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);

  answer = {};
  const { next } = await serveTenant(parts, 'acme', FRESH, never);
  // It answers, and nothing is told yet.
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 0, failures: 8 });
  expect(next).toMatchObject({ atMs: clock.now(), turn: { isAnswering: true } });
  expect((await serveTenant(parts, 'acme', next!.turn, never)).failing).toBe(false);
  expect(sizes().slice(8)).toEqual([0, 1]);
  const ids = endpoint.requests.filter(({ reports }) => reports.length > 0).map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(1);
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 1, failures: 0, failing_since: null });
});

test('an endpoint that is away for three days is offered each event a few times, and told all once it is back', async () => {
  await using world = await openReportingWorld();
  let isAway = true;
  await using endpoint = await startReportReceiver({ answer: () => (isAway ? { status: 502 } : {}) });
  await world.addTold('acme', endpoint.url);
  const ids: string[] = [];
  for (let i = 0; i < 40; i++) ids.push(await world.addEvent('acme'));
  const { clock, pass } = movingClock();
  let draw = 0.5;
  const random = (): number => {
    draw = (draw * 7.13 + 0.31) % 1;
    return draw;
  };
  const parts = world.partsOf({ clock, random, settings: { maxBatch: 10 } });
  while (clock.now() < START + 3 * DAY_MS) {
    const { next } = await serveTenant(parts, 'acme', FRESH, never);
    // What is drawn may be short; three days of calls need not all be made here.
    pass(Math.max((next?.atMs ?? 0) - clock.now(), 3_600_000));
  }
  const offered = endpoint.reports.filter((report) => report['event_id'] === ids[0]).length;
  expect(offered).toBeLessThanOrEqual(15);

  isAway = false;
  let turn = FRESH;
  for (let call = 0; call < 10; call++) turn = (await serveTenant(parts, 'acme', turn, never)).next?.turn ?? FRESH;
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 40, failures: 0 });
  const told = endpoint.reports.slice(-40).map((report) => report['event_id']);
  expect(told).toEqual(ids);
});

test('what an endpoint does not take in seven days is given up, seen in a list, and replayed on demand', async () => {
  await using world = await openReportingWorld();
  let isAway = true;
  await using endpoint = await startReportReceiver({ answer: () => (isAway ? { status: 502 } : {}) });
  await world.addTold('acme', endpoint.url);
  const { clock, pass } = movingClock();
  const old = [await world.addEvent('acme', { at: START }), await world.addEvent('acme', { at: START })];
  const givenUp: number[] = [];
  const parts = world.partsOf({ clock });
  const counting = { ...parts, metrics: { ...parts.metrics, givenUp: (count: number) => void givenUp.push(count) } };
  await serveTenant(counting, 'acme', FRESH, never);
  pass(6 * DAY_MS);
  const young = await world.addEvent('acme', { at: clock.now() });
  await serveTenant(counting, 'acme', FRESH, never);
  expect(givenUp).toEqual([]);
  pass(DAY_MS + 1);
  await serveTenant(counting, 'acme', FRESH, never);
  expect(givenUp).toEqual([2]);
  expect((await parts.givenUp.list('acme', { limit: 10 })).items).toMatchObject([
    { first_seq: 1, last_seq: 2, at: clock.now(), reason: 'the endpoint answered 502' },
  ]);

  isAway = false;
  pass(300_000);
  await serveTenant(counting, 'acme', FRESH, never);
  expect(endpoint.requests.at(-1)?.reports).toMatchObject([{ event_id: young }]);
  const all = { firstSeq: 1, lastSeq: 99, firstAt: 0, lastAt: Number.MAX_SAFE_INTEGER, messagePk: null };
  await world.replays.replay('acme', all, { now: clock.now(), limit: 10 });
  await serveTenant(counting, 'acme', FRESH, never);
  expect(endpoint.requests.at(-1)?.reports.map((report) => report['event_id'])).toEqual([...old, young]);
  expect((await parts.givenUp.list('acme', { limit: 10 })).items).toEqual([]);
});

test('the log of calls keeps the last hundred, with the beginning of what was answered and no secret', async () => {
  await using world = await openReportingWorld();
  const auth = { method: 'bearer', token: 'the-token-of-acme' } as const;
  await using endpoint = await startReportReceiver({
    answer: (_, n, { headers }) => ({ status: 500, raw: `call ${n}: ${headers.authorization} ${'x'.repeat(5_000)}` }),
  });
  await world.addTold('acme', endpoint.url, auth);
  const { clock } = movingClock();
  const parts = world.partsOf({ clock });
  for (let call = 1; call <= 103; call++) await serveTenant(parts, 'acme', { ...FRESH, force: true }, never);
  const { items, next } = await parts.calls.list('acme', { limit: 60 });
  expect(items.map((item) => item.number)).toEqual(Array.from({ length: 60 }, (_, index) => 103 - index));
  const rest = await parts.calls.list('acme', { limit: 60, after: next! });
  expect(rest).toMatchObject({ next: null });
  expect(rest.items.at(-1)?.number).toBe(4);
  expect(rest.items).toHaveLength(40);
  expect(items[0]).toMatchObject({ status: 500, error: 'the endpoint answered 500', events: 0 });
  expect(items[0]?.answer).toMatch(/^call 103: Bearer \[secret\] x+$/);
  expect(items[0]?.answer).toHaveLength(2_000);
});

test('one event at which the endpoint fails does not keep the others from it for good', async () => {
  await using world = await openReportingWorld();
  let poison = '';
  await using endpoint = await startReportReceiver({
    answer: (_, __, { reports }) => (reports.some((report) => report['event_id'] === poison) ? { status: 500 } : {}),
  });
  await world.addTold('acme', endpoint.url);
  for (const id of ['a', 'b', 'c']) await world.addMessage('acme', id);
  const before = await world.addEvent('acme', { message: 'a' });
  poison = await world.addEvent('acme', { message: 'b' });
  const after = [await world.addEvent('acme', { message: 'c' }), await world.addEvent('acme', { message: 'a' })];
  const { clock, pass } = movingClock();
  const parts = world.partsOf({ clock, random: () => 0 });
  const taken = new Set<unknown>();
  let turn = FRESH;
  for (let calls = 0; calls < 100 && taken.size < 3; calls++) {
    const { next } = await serveTenant(parts, 'acme', turn, never);
    turn = next?.turn ?? FRESH;
    pass(Math.max(0, (next?.atMs ?? 0) - clock.now()));
    for (const { reports } of endpoint.requests) {
      if (reports.every((report) => report['event_id'] !== poison))
        for (const report of reports) taken.add(report['event_id']);
    }
  }
  expect([...taken].toSorted()).toEqual([before, ...after].toSorted());
  // Within minutes, and what the endpoint cannot take is offered again later.
  expect(clock.now() - START).toBeLessThan(3_600_000);
  expect(await parts.exceptions.open('acme', clock.now())).toMatchObject({ open: 1 });
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 4, failures: 0 });
  poison = '';
  await serveTenant(parts, 'acme', { ...FRESH, force: true }, never);
  expect(await parts.exceptions.open('acme', clock.now())).toEqual({ open: 0, nextAt: null });
});
