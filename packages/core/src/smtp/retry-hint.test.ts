// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryHintMs } from './retry-hint.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('a relay says when', () => {
  test.each([
    ['try again in 300 seconds', 300 * SECOND],
    ['Please try again in 5 minutes', 5 * MINUTE],
    ['temporarily refused, try again in about 5 minutes.', 5 * MINUTE],
    ['retry after 60s', 60 * SECOND],
    ['retry-after: 120', 120 * SECOND],
    ['Retry in 60', 60 * SECOND],
    ['retry timeout: 300 sec', 300 * SECOND],
    ['Greylisted for 5 minutes', 5 * MINUTE],
    ['Greylisting in action, please come back in 00:05:00', 5 * MINUTE],
    ['greylisting active, 287 seconds left', 287 * SECOND],
    ['Graylisted: wait 1 more minute', MINUTE],
    ['retry later (in 4m59s)', 4 * MINUTE + 59 * SECOND],
    ['Try again after 1 hour and 30 minutes', 90 * MINUTE],
    ['wait at least 15 min before sending again', 15 * MINUTE],
    ['retry your message in 5-10 minutes', 10 * MINUTE],
    ['please wait 5 to 10 minutes', 10 * MINUTE],
    ['try again in 1.5 hours', 90 * MINUTE],
    ['Come back later: 1 d', 24 * HOUR],
    ['You are temporarily blocked for 30 minutes', 30 * MINUTE],
    ['deferred for 2 hrs', 2 * HOUR],
    ['not your turn: resend no earlier than 90 secs from now', 90 * SECOND],
    ['100 messages in 1 hour are enough, try again in 20 minutes', 20 * MINUTE],
  ])('%s', (text, wanted) => {
    expect(retryHintMs(text)).toBe(wanted);
  });
});

describe('a time about something else is no hint', () => {
  test.each([
    '',
    'mailbox busy',
    'try again later',
    'greylisted, see help page 12',
    'could not be delivered in 840 minutes',
    'more than 100 messages in 1 hour',
    'timeout after 300 seconds of silence',
    'you may try 5 times',
    'try again with less than 20 recipients within 1 minute of each other',
    'retry after 12:30',
    'try again after 2026-01-01',
    'retry in 0 seconds',
    'retry in 90 days',
    'wait 450 4.7.1',
    'blocked 3 hours ago',
  ])('%s', (text) => {
    expect(retryHintMs(text)).toBeNull();
  });
});

test('any text gives null or whole milliseconds, above 0 and at most 30 days', () => {
  const words = fc.constantFrom(
    'try',
    'again',
    'in',
    'for',
    ':',
    '-',
    '5',
    '1.5',
    '00:05:00',
    '99999999999',
    's',
    'minutes',
    'and',
    'x',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 40 }).map((list) => list.join(' ')),
  );
  fc.assert(
    fc.property(text, (said) => {
      const hint = retryHintMs(said);
      if (hint === null) return;
      expect(Number.isInteger(hint)).toBe(true);
      expect(hint).toBeGreaterThan(0);
      expect(hint).toBeLessThanOrEqual(30 * 24 * HOUR);
    }),
  );
});

test('every whole number of every unit is read back', () => {
  const units = fc.constantFrom(['seconds', SECOND] as const, ['min', MINUTE] as const, ['hours', HOUR] as const);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), units, (count, [unit, ms]) => {
      expect(retryHintMs(`451 4.7.1 Greylisted, please try again in ${count} ${unit}`)).toBe(count * ms);
    }),
  );
});
