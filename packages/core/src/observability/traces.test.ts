// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { createTraces, parseTraceparent } from './traces.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENT = `00-${TRACE}-b7ad6b7169203331-01`;

describe('a traceparent', () => {
  test.each([
    [SENT, 1],
    [`00-${TRACE}-b7ad6b7169203331-00`, 0],
    // Later versions may have more behind it, and other flags.
    [`cc-${TRACE}-b7ad6b7169203331-03-what-the-future-has`, 1],
  ])('%s is read', (text, traceFlags) => {
    expect(parseTraceparent(text)).toMatchObject({ traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags });
  });

  test.each([
    '',
    'x',
    `ff-${TRACE}-b7ad6b7169203331-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${TRACE}-b7ad6b7169203331-0`,
    `00-${TRACE}-b7ad6b7169203331-01${'x'.repeat(9)}`,
  ])('%s is none', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

test('without an SDK what a caller sent is handed on, and nothing is made up', () => {
  const traces = createTraces('1');
  expect(traces.acceptance(SENT).traceparent).toBe(SENT);
  expect(traces.attempt(SENT, {}).traceparent).toBe(SENT);
  expect(traces.report([SENT], {}).traceparent).toBe(SENT);
  expect(traces.acceptance(undefined).traceparent).toBeUndefined();
  expect(traces.acceptance('nonsense').traceparent).toBeUndefined();
});
