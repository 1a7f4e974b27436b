// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { engineConfigSchema } from '../config/engine-config.ts';
import { RFC5321_TIMEOUTS } from './session.types.ts';

const MINUTE_MS = 60_000;

/** What a client should allow at least, by the section of RFC 5321 that says so. */
const MINIMA = [
  ['4.5.3.2.1', 'initial 220', 'greetingMs', 5],
  ['4.5.3.2.2', 'MAIL', 'commandMs', 5],
  ['4.5.3.2.3', 'RCPT', 'commandMs', 5],
  ['4.5.3.2.4', 'DATA initiation', 'dataMs', 2],
  ['4.5.3.2.5', 'data block', 'blockMs', 3],
  ['4.5.3.2.6', 'data termination', 'dotMs', 10],
] as const;

describe.each(MINIMA)('RFC 5321 §%s, %s', (_section, _stage, name, minutes) => {
  test(`${name} is ${minutes} minutes`, () => {
    expect(RFC5321_TIMEOUTS[name]).toBe(minutes * MINUTE_MS);
  });

  test('so it is where the configuration says nothing', () => {
    expect(v.parse(engineConfigSchema, { database: ':memory:' }).delivery[name]).toBe(minutes * MINUTE_MS);
  });
});

test('a whole transaction has more time than each of its stages, and DATA with it', () => {
  const { transactionMs = 0, commandMs, dataMs, blockMs, dotMs } = RFC5321_TIMEOUTS;
  expect(transactionMs).toBeGreaterThan(2 * commandMs + dataMs + blockMs + dotMs);
});
