// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { silentLog } from '../observability/log.ts';
import { LockStepRelays } from './lock-step-relays.ts';
import { standingClock } from './standing-clock.case.ts';

const HOUR_MS = 3_600_000;
const RELAY = { host: 'relay.test', port: 25 };

function setUp() {
  const { clock, advance } = standingClock();
  const warnings: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) };
  return { relays: new LockStepRelays({ clock, log }), advance, warnings };
}

test('a relay that answered a group badly is given one command at a time for four hours, then a group again', () => {
  const { relays, advance } = setUp();
  expect(relays.has(RELAY)).toBe(false);
  relays.remember(RELAY);
  advance(4 * HOUR_MS - 1);
  expect(relays.has(RELAY)).toBe(true);
  advance(1);
  expect(relays.has(RELAY)).toBe(false);
});

test('it is told of once, however many groups were under way', () => {
  const { relays, warnings, advance } = setUp();
  relays.remember(RELAY);
  advance(HOUR_MS);
  relays.remember(RELAY);
  expect(warnings).toEqual([{ ...RELAY, forMs: 4 * HOUR_MS }]);
  advance(3 * HOUR_MS);
  relays.remember(RELAY);
  expect(warnings).toHaveLength(2);
});

test('it is known by host and port, in whatever case', () => {
  const { relays } = setUp();
  relays.remember(RELAY);
  expect(relays.has({ host: 'Relay.TEST', port: 25 })).toBe(true);
  expect(relays.has({ host: 'relay.test', port: 587 })).toBe(false);
  expect(relays.has({ host: 'other.test', port: 25 })).toBe(false);
});

test('beyond ten thousand the first one is forgotten', () => {
  const { relays } = setUp();
  const at = (port: number) => ({ host: 'relay.test', port });
  for (let port = 1; port <= 10_001; port += 1) relays.remember(at(port));
  expect([1, 2, 10_001].map((port) => relays.has(at(port)))).toEqual([false, true, true]);
});
