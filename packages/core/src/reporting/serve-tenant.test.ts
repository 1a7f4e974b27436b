// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startReportReceiver } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../clock.ts';
import { MailProxyError } from '../errors.ts';
import { openReportingWorld } from './reporting-world.case.ts';
import { serveTenant } from './serve-tenant.ts';
import { PLAIN_TURN } from './tenant-schedule.ts';

const FRESH = { ...PLAIN_TURN, fresh: true };
const never = new AbortController().signal;

/** Time stands still but for the time-out of a call. */
const standing: Clock = { ...systemClock, now: () => 1_772_000_000_000, monotonic: () => 5_000 };

test('an endpoint that always has something queued is called at once ten times, then at a distance', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ json: { ok: true, queued: 1 } }) });
  await world.addTold('acme', endpoint.url);
  const parts = world.partsOf({ clock: standing });
  let turn = FRESH;
  const delays: number[] = [];
  for (let call = 1; call <= 12; call++) {
    const { next } = await serveTenant(parts, 'acme', turn, never);
    delays.push((next?.atMs ?? Number.NaN) - standing.monotonic());
    turn = next?.turn ?? FRESH;
  }
  expect(delays).toEqual([...Array<number>(10).fill(0), 1_000, 1_000]);
});

test.each([
  [1, 900],
  [2, 1_800],
  [5, 14_400],
  [9, 230_400],
  [10, 270_000],
  [2_000, 270_000],
])('failure number %i waits %i ms when the jitter draws 0.9', async (failures, delayMs) => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver({ answer: () => ({ status: 500 }) });
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const parts = world.partsOf({ clock: standing, random: () => 0.1 });
  await parts.sequencer.sequence('acme', 10);
  const before = { now: 0, failures: failures - 1, batchFailures: 1, nextAttemptAt: 0, lastError: 'before' };
  await world.database.write([world.events.fail('acme', { ...before, isGone: false, batch: null })]);

  const end = await serveTenant(parts, 'acme', PLAIN_TURN, never);
  expect(end).toEqual({ failing: true, next: { atMs: standing.monotonic() + delayMs, turn: PLAIN_TURN } });
  expect(await world.events.cursor('acme')).toMatchObject({
    failures,
    next_attempt_at: standing.now() + delayMs,
    last_error: 'the endpoint answered 500',
  });
  const early = await serveTenant(parts, 'acme', PLAIN_TURN, never);
  expect(early.next?.atMs).toBe(standing.monotonic() + delayMs);
  expect(endpoint.requests).toHaveLength(1);
});

test('a batch ends before it grows beyond what an endpoint would read', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  for (let i = 0; i < 3; i++)
    await world.addEvent('acme', { type: 'error', detail: { reason: 'x'.repeat(3_000_000) } });
  const parts = world.partsOf({ clock: standing });
  let turn = FRESH;
  for (let call = 1; call <= 3; call++) {
    const { next } = await serveTenant(parts, 'acme', turn, never);
    turn = next?.turn ?? FRESH;
    expect(next === null).toBe(call === 3);
  }
  expect(endpoint.reports.map((report) => report['seq'])).toEqual([1, 2, 3]);
  expect(endpoint.requests).toHaveLength(3);
});

test('a call of its own whose end could not be recorded is made again at once', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  let isAway = true;
  const parts = world.partsOf({
    clock: standing,
    shared: true,
    write: (unit) => (isAway ? Promise.reject(new MailProxyError('database_unavailable')) : world.database.write(unit)),
  });
  await expect(serveTenant(parts, 'acme', FRESH, never)).rejects.toMatchObject({ code: 'database_unavailable' });
  isAway = false;
  expect(await serveTenant(parts, 'acme', PLAIN_TURN, never)).toEqual({ failing: false, next: null });
  expect(await world.events.cursor('acme')).toMatchObject({ acked_seq: 1, next_attempt_at: 0 });
  const [first, second] = endpoint.reports.map(({ event_id }) => event_id);
  expect(endpoint.reports).toHaveLength(2);
  expect(second).toBe(first);
});

test('another instance’s call is waited for, and looked at again soon', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url);
  await world.addEvent('acme');
  const parts = world.partsOf({ clock: standing, shared: true });
  await parts.sequencer.sequence('acme', 10);
  const cursor = { tenant_id: 'acme', acked_seq: 0, next_attempt_at: 0 };
  expect(await world.events.moveNextAttempt(cursor, standing.now() + 35_000)).toBe(true);
  const end = await serveTenant(parts, 'acme', FRESH, never);
  expect(end).toMatchObject({ failing: false, next: { atMs: standing.monotonic() + 1_000 } });
  expect(endpoint.requests).toHaveLength(0);
});

test('a tenant that was deleted meanwhile is forgotten', async () => {
  await using world = await openReportingWorld();
  expect(await serveTenant(world.partsOf(), 'gone', FRESH, never)).toEqual({ failing: false, next: null });
});
