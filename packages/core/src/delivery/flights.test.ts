// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimedMessage } from '../queue/claim.ts';
import { Flights } from './flights.ts';

const claimed = (pk: string): ClaimedMessage => ({
  pk,
  tenant_id: 'acme',
  id: pk,
  account_pk: 'account',
  owner_session: 1,
  priority: 2,
  rank: 0,
  eligible_at: 0,
  batch_code: null,
  on_in_doubt: 'retry',
  units: 1,
  attempts: 0,
  message_id: `<${pk}@example.org>`,
  expires_at: null,
  created_at: 0,
});

const a = claimed('a');
const b = claimed('b');

function flightsOf(...messages: readonly ClaimedMessage[]): Flights {
  const flights = new Flights();
  for (const message of messages) flights.add(message);
  return flights;
}

test('a message that was cancelled before MAIL may not reach it, and stops waiting', () => {
  const flights = flightsOf(a, b);
  const stop = flights.signal(a);
  expect(flights.cancel('a')).toBe(true);
  expect(stop?.aborted).toBe(true);
  expect(flights.isCancelled(a)).toBe(true);
  expect(flights.mayMail(a)).toBe(false);
  expect(flights.mayMail(b)).toBe(true);
});

test('after MAIL nothing stops a message, not before its next transaction either', () => {
  const flights = flightsOf(a);
  expect(flights.mayMail(a)).toBe(true);
  expect(flights.cancel('a')).toBe(false);
  flights.drop(() => true);
  expect(flights.signal(a)?.aborted).toBe(false);
  expect(flights.isCancelled(a)).toBe(false);
  expect(flights.mayMail(a)).toBe(true);
});

test('what is dropped ends unsent, not cancelled', () => {
  const flights = flightsOf(a, b);
  flights.drop(({ pk }) => pk === 'a');
  expect(flights.mayMail(a)).toBe(false);
  expect(flights.isCancelled(a)).toBe(false);
  expect(flights.mayMail(b)).toBe(true);
});

test('what stops all stops what was mailed from its next transaction, too, and what is claimed later', () => {
  const flights = flightsOf(a);
  flights.mayMail(a);
  flights.stopAll();
  flights.add(b);
  for (const message of [a, b]) {
    expect(flights.signal(message)?.aborted).toBe(true);
    expect(flights.mayMail(message)).toBe(false);
    expect(flights.isCancelled(message)).toBe(false);
  }
});

test('nothing can be promised of a message that is not here', () => {
  const flights = flightsOf(a);
  flights.remove(a);
  expect(flights.size).toBe(0);
  expect(flights.cancel('a')).toBe(false);
  expect(flights.mayMail(a)).toBe(false);
  expect(flights.signal(a)).toBeNull();
});

test('a message that comes back is claimed with nothing held against it', () => {
  const flights = flightsOf(a);
  flights.drop(() => true);
  flights.remove(a);
  const again = claimed('a');
  flights.add(again);
  expect([flights.mayMail(a), flights.mayMail(again)]).toEqual([false, true]);
});

test('what was taken away and claimed again: the first claim neither sends nor ends it, and the second is not touched', () => {
  const flights = flightsOf(a);
  expect(flights.cancel('a')).toBe(true);
  const again = claimed('a');
  flights.add(again);
  expect([flights.mayMail(a), flights.seal(a), flights.isCancelled(a)]).toEqual([false, false, true]);
  flights.remove(a);
  expect(flights.isCancelled(again)).toBe(false);
  expect(flights.mayMail(again)).toBe(true);
});

test('whose end is being written is not taken away any more', () => {
  const flights = flightsOf(a);
  expect(flights.seal(a)).toBe(true);
  expect(flights.cancel('a')).toBe(false);
});

test('whatever the order: a message that was promised never to be sent never reaches MAIL', () => {
  const steps = fc.array(fc.constantFrom('cancel', 'mail', 'drop', 'seal'), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (order) => {
      const flights = flightsOf(a);
      let isPromised = false;
      let hasMailed = false;
      for (const step of order) {
        if (step === 'cancel' && flights.cancel('a')) isPromised = true;
        if (step === 'mail' && flights.mayMail(a)) hasMailed = true;
        if (step === 'seal' && flights.seal(a)) expect(isPromised).toBe(false);
        if (step === 'drop') flights.drop(() => true);
      }
      expect(isPromised && hasMailed).toBe(false);
      expect(flights.isCancelled(a)).toBe(isPromised);
    }),
  );
});
