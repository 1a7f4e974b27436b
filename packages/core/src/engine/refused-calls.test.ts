// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { silentLog } from '../observability/log.ts';
import type { AuditEntry, Refusal } from '../operations/execute.ts';
import { standingClock } from '../smtp/standing-clock.case.ts';
import { RefusedCalls } from './refused-calls.ts';

const REFUSAL: Refusal = {
  operation: 'authentication',
  tenantId: null,
  principal: 'unknown',
  origin: '192.0.2.1',
  outcome: 'unauthenticated',
  reason: 'unknown token',
};

function open(append?: (entries: readonly AuditEntry[]) => Promise<void>) {
  const time = standingClock();
  const rows: AuditEntry[] = [];
  const log: string[] = [];
  const refused = new RefusedCalls({
    clock: time.clock,
    log: { ...silentLog, warn: (_, message) => log.push(message) },
    append: append ?? (async (entries) => void rows.push(...entries)),
  });
  return { time, rows, log, refused };
}

test('the same refusal is one row a minute, with how often and from when to when', async () => {
  const { time, rows, refused } = open();
  for (let n = 0; n < 1_000; n++) {
    refused.note(REFUSAL);
    time.advance(10);
  }
  expect(rows).toEqual([]);
  time.advance(60_000);
  await refused.flush();
  expect(rows).toEqual([
    {
      operation: 'authentication',
      tenantId: null,
      principal: 'unknown',
      origin: '192.0.2.1',
      outcome: 'unauthenticated',
      requestId: null,
      input: JSON.stringify({
        reason: 'unknown token',
        attempts: 1_000,
        first_at: '1970-01-01T00:00:00.000Z',
        last_at: '1970-01-01T00:00:09.990Z',
      }),
    },
  ]);
});

test('a flood from everywhere is no more than some rows a minute, and nothing of it is left uncounted', async () => {
  const { rows, refused } = open();
  for (let n = 0; n < 5_000; n++) refused.note({ ...REFUSAL, origin: `10.0.${n >> 8}.${n & 255}` });
  await refused.flush();
  expect(rows).toHaveLength(21);
  const attempts = rows.map(({ input }) => (JSON.parse(input) as { attempts: number }).attempts);
  expect(attempts.reduce((sum, one) => sum + one, 0)).toBe(5_000);
  expect(rows.at(-1)).toMatchObject({ origin: 'several' });
});

test('what cannot be written is said in the log, and what comes later is written', async () => {
  let isAway = true;
  const rows: AuditEntry[] = [];
  const { refused, log } = open(async (entries) => {
    if (isAway) throw new Error('away');
    rows.push(...entries);
  });
  refused.note(REFUSAL);
  await refused.flush();
  expect(log).toEqual(['refused calls could not be written to the command log']);
  isAway = false;
  refused.note(REFUSAL);
  await refused.flush();
  expect(rows).toHaveLength(1);
});
