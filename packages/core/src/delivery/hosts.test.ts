// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { Hosts } from './hosts.ts';

const LIMITS = { maxSends: 50, stalledSince: -1 };

function fail(hosts: Hosts, host: string, times: number): void {
  hosts.begin(host, 0);
  for (let n = 0; n < times; n++) hosts.failed(host);
  hosts.end(host, 0);
}

describe('a host that fails', () => {
  test('holds at most a fifth of the slots', () => {
    const hosts = new Hosts();
    fail(hosts, 'dead:25', 3);
    let started = 0;
    while (hosts.mayStart('dead:25', LIMITS) && started < 100) {
      hosts.begin('dead:25', 0);
      started += 1;
    }
    expect(started).toBe(10);
    expect(hosts.mayStart('alive:25', LIMITS)).toBe(true);
  });

  test('gets its slots back once it is reached', () => {
    const hosts = new Hosts();
    fail(hosts, 'back:25', 5);
    for (let n = 0; n < 10; n++) hosts.begin('back:25', 0);
    expect(hosts.mayStart('back:25', LIMITS)).toBe(false);
    hosts.reached('back:25');
    expect(hosts.mayStart('back:25', LIMITS)).toBe(true);
  });

  test('may always be tried by one message, however few slots there are', () => {
    const hosts = new Hosts();
    fail(hosts, 'dead:25', 3);
    const few = { maxSends: 2, stalledSince: -1 };
    expect(hosts.mayStart('dead:25', few)).toBe(true);
    hosts.begin('dead:25', 0);
    expect(hosts.mayStart('dead:25', few)).toBe(false);
  });
});

test('a host that hangs counts as failing though nothing failed yet', () => {
  const hosts = new Hosts();
  for (let n = 0; n < 12; n++) hosts.begin('hangs:25', 1_000);
  expect(hosts.mayStart('hangs:25', { maxSends: 50, stalledSince: 999 })).toBe(true);
  expect(hosts.mayStart('hangs:25', { maxSends: 50, stalledSince: 1_001 })).toBe(false);
  hosts.end('hangs:25', 1_500);
  expect(hosts.mayStart('hangs:25', { maxSends: 50, stalledSince: 1_001 })).toBe(true);
});
