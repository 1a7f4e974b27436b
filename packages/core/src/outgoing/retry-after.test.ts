// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 7);

test.each([
  ['0', 0],
  ['120', 120_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
  ['Sun Nov  6 08:49:37 1994', 30_000],
  ['Sun, 06 Nov 1994 08:48:37 GMT', 0],
])('%s is %i ms from now', (value, ms) => {
  expect(parseRetryAfter(value, NOW)).toBe(ms);
});

test.each([undefined, '', 'soon', 'in 5 minutes', '-5', '1.5', '1e3', '120, 120', '9999999999', 'Sun, soon'])(
  '%s says nothing',
  (value) => {
    expect(parseRetryAfter(value, NOW)).toBeNull();
  },
);
