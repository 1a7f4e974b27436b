// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, it } from 'vitest';
import { startReportCounter } from './report-counter.ts';

async function report(url: string, ...entries: readonly object[]): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ delivery_report: entries }) });
  expect(await answer.json()).toEqual({ ok: true, queued: 0 });
}

it('each message counts once, with its last report', async () => {
  await using counter = await startReportCounter();
  const expected = counter.expect('mail', 2);
  await report(
    counter.url,
    { id: 'mail-1', deferred_ts: 1 },
    { id: 'mail-3', sent_ts: 1 },
    { id: 'other-1', sent_ts: 1 },
  );
  expect(expected).toMatchObject({ missing: 2, lastAt: null });
  await report(counter.url, { id: 'mail-2', sent_ts: 1 }, { id: 'mail-2', sent_ts: 1 });
  expect(expected.missing).toBe(1);
  await report(counter.url, { id: 'mail-1', error_ts: 1 });
  await expected.all;
  expect(expected.missing).toBe(0);
  expect(expected.lastAt).toBeGreaterThan(0);
});
