// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';
import { expect, test } from 'vitest';

test('a running engine removes what is too old, says when it did and counts it', async () => {
  const DAY_MS = 86_400_000;
  let ahead = 0;
  const real = { start: Date.UTC(2030, 0, 1), at: performance.now() };
  const clock = {
    now: () => real.start + ahead + Math.floor(performance.now() - real.at),
    monotonic: () => performance.now(),
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    after(ms: number, fn: () => void) {
      const timer = setTimeout(fn, ms);
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
  await using engine = await createMailEngine({
    config: { database: ':memory:', retention: { sweepMs: 20, content: 'P1D', metadata: null, events: null } },
    clock,
  });
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
  await engine.submit([{ id: 'one', from: 'a@example.com', to: 'b@example.org', subject: 'Hi', text: 'a' }]);
  await engine.execute('messages.cancel', { message_id: 'one', tenant_id: 'default' });
  ahead = 2 * DAY_MS;
  await engine.start();
  await expect
    .poll(async () => Object(await engine.execute('messages.get', { message_id: 'one' })).content_removed)
    .toBe(true);
  await expect
    .poll(async () => Object(await engine.execute('instance.get', {})).retention)
    .toEqual({ ran_at: expect.any(String), deleted: expect.objectContaining({ metadata: 0 }) });
  expect((await engine.metricsText()).body).toContain('gmp_retention_deleted_total{kind="content"} 1');
  await engine.stop();
});
