// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { periodMs, resolveRetention, retentionInput, retentionPeriod } from './retention.ts';

const DAY = 86_400_000;

test.each([
  [30, 30 * DAY],
  ['P30D', 30 * DAY],
  ['P2W', 14 * DAY],
  ['P1DT12H', 1.5 * DAY],
  ['PT90M', 5_400_000],
] as const)('%s is that long', (period, ms) => {
  expect(v.is(retentionPeriod, period)).toBe(true);
  expect(periodMs(period)).toBe(ms);
});

test.each([0, -1, 1.5, 36_501, '', 'P', 'PT', '30', 'P30', 'P1Y', 'P1M', 'P0D', 'P1DT', '30D', 'p30d', 'P-1D', true])(
  '%j is refused, with what was expected',
  (period) => {
    const parsed = v.safeParse(retentionPeriod, period);
    expect(parsed.issues?.map(({ message }) => message)).toEqual([expect.stringContaining('as P30D')]);
  },
);

test('what a tenant does not say is the instance, and null is kept for good', () => {
  const instance = { content: DAY, metadata: 2 * DAY, events: 3 * DAY, audit: null };
  const tenant = v.parse(retentionInput, { content: 'PT1H', metadata: null, audit: 7 });
  expect(resolveRetention(instance, tenant)).toEqual({
    content: 3_600_000,
    metadata: null,
    events: 3 * DAY,
    audit: 7 * DAY,
  });
  expect(resolveRetention(instance, null)).toEqual(instance);
});
