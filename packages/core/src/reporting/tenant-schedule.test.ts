// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { PLAIN_TURN, TenantSchedule, type TurnEnd } from './tenant-schedule.ts';

const QUIET: TurnEnd = { failing: false, next: null };
const FAILED: TurnEnd = { failing: true, next: null };

test('a tenant has one turn at a time, and what was asked for meanwhile follows after a rest', () => {
  const schedule = new TenantSchedule(4);
  schedule.wake('acme', 0, PLAIN_TURN);
  expect(schedule.begin(0)).toEqual({ tenantId: 'acme', turn: PLAIN_TURN });
  schedule.wake('acme', 1, { ...PLAIN_TURN, fresh: true });
  expect(schedule.begin(1)).toBeNull();
  schedule.end('acme', 2, QUIET);
  expect(schedule.begin(2)).toBeNull();
  expect(schedule.nextDueAt).toBe(52);
  expect(schedule.begin(52)).toEqual({ tenantId: 'acme', turn: { ...PLAIN_TURN, fresh: true } });
});

test('what is asked for by hand does not rest', () => {
  const schedule = new TenantSchedule(4);
  const force = { ...PLAIN_TURN, force: true };
  schedule.wake('acme', 0, PLAIN_TURN);
  schedule.begin(0);
  schedule.wake('acme', 1, force);
  schedule.end('acme', 2, QUIET);
  expect(schedule.begin(2)).toEqual({ tenantId: 'acme', turn: force });
  schedule.end('acme', 3, QUIET);
  schedule.wake('acme', 4, force);
  expect(schedule.begin(4)).toEqual({ tenantId: 'acme', turn: force });
});

test('a turn may leave a longer rest behind, which only what is asked for by hand does not wait for', () => {
  const schedule = new TenantSchedule(4);
  schedule.wake('acme', 0, PLAIN_TURN);
  schedule.begin(0);
  schedule.wake('acme', 1, PLAIN_TURN);
  schedule.end('acme', 2, { ...QUIET, restMs: 4_000 });
  schedule.wake('acme', 100, PLAIN_TURN);
  expect(schedule.nextDueAt).toBe(4_002);
  const force = { ...PLAIN_TURN, force: true };
  schedule.wake('acme', 101, force);
  expect(schedule.begin(101)).toEqual({ tenantId: 'acme', turn: force });
});

test('a tenant with a backlog goes to the end after each call', () => {
  const schedule = new TenantSchedule(1);
  for (const tenantId of ['flood', 'one', 'two']) schedule.wake(tenantId, 0, PLAIN_TURN);
  const order: string[] = [];
  for (let now = 0; now < 5; now++) {
    const begun = schedule.begin(now)!;
    order.push(begun.tenantId);
    const next = begun.tenantId === 'flood' ? { atMs: now, turn: PLAIN_TURN } : null;
    schedule.end(begun.tenantId, now, { failing: false, next });
  }
  expect(order).toEqual(['flood', 'one', 'two', 'flood', 'flood']);
});

test('tenants that failed share half of the slots', () => {
  const schedule = new TenantSchedule(4);
  const failing = ['a', 'b', 'c', 'd'];
  for (const tenantId of failing) schedule.wake(tenantId, 0, PLAIN_TURN);
  for (const _ of failing) schedule.begin(0);
  for (const tenantId of failing) schedule.end(tenantId, 0, FAILED);
  for (const tenantId of [...failing, 'good']) schedule.wake(tenantId, 100, PLAIN_TURN);
  expect(schedule.begin(100)?.tenantId).toBe('a');
  expect(schedule.begin(100)?.tenantId).toBe('b');
  expect(schedule.begin(100)?.tenantId).toBe('good');
  expect(schedule.begin(100)).toBeNull();
  expect(schedule.running).toBe(3);
  schedule.end('a', 101, QUIET);
  expect(schedule.begin(101)?.tenantId).toBe('c');
});

test('turns that take long give their slots to others, and no more than four for each slot', () => {
  const schedule = new TenantSchedule(1);
  for (let i = 0; i < 7; i++) schedule.wake(`hanging-${i}`, 0, PLAIN_TURN);
  expect(schedule.begin(0)?.tenantId).toBe('hanging-0');
  expect(schedule.begin(0)).toBeNull();
  expect(schedule.nextDueAt).toBe(250);
  for (let i = 1; i <= 4; i++) {
    expect(schedule.begin(i * 250)?.tenantId).toBe(`hanging-${i}`);
    expect(schedule.begin(i * 250)).toBeNull();
  }
  expect(schedule.nextDueAt).toBeNull();
  expect(schedule.begin(60_000)).toBeNull();
  schedule.end('hanging-0', 60_000, FAILED);
  expect(schedule.begin(60_000)?.tenantId).toBe('hanging-5');
});

test('a wake-up brings a planned turn forward and keeps what it was for', () => {
  const schedule = new TenantSchedule(1);
  schedule.wake('acme', 0, PLAIN_TURN);
  schedule.begin(0);
  schedule.end('acme', 0, { failing: true, next: { atMs: 60_000, turn: { ...PLAIN_TURN, queuedInARow: 3 } } });
  expect(schedule.nextDueAt).toBe(60_000);
  schedule.wake('acme', 200, { ...PLAIN_TURN, fresh: true });
  expect(schedule.nextDueAt).toBe(200);
  expect(schedule.begin(200)?.turn).toEqual({ ...PLAIN_TURN, fresh: true, queuedInARow: 3 });
});
