// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, openWorld } from './engine-world.case.ts';

const LATER = { code: 451, text: '4.3.0 not now' };
/** Unless somebody says otherwise a message is tried again and again. */
const WITHOUT_END = { baseMs: 20, maxDelayMs: 20 };

const cases: readonly {
  readonly title: string;
  readonly tenant: object;
  readonly account?: object;
  readonly attempts: number;
}[] = [
  { title: 'its tenant allows', tenant: { max_attempts: 2 }, attempts: 2 },
  {
    title: 'its account allows, whatever the tenant says',
    tenant: { max_attempts: 5 },
    account: { max_attempts: 1 },
    attempts: 1,
  },
  {
    title: 'its tenant allows where the account names something else',
    tenant: { max_attempts: 3 },
    account: { max_age_seconds: 3_600 },
    attempts: 3,
  },
];

test.each(cases)('a message is tried as often as $title', async ({ tenant, account, attempts }) => {
  await using sink = await startSmtpSink({ onMessage: () => LATER });
  await using world = await openWorld({ retry: WITHOUT_END });
  await world.engine.execute('tenants.update', { tenant_id: 'default', retry: tenant });
  await addAccount(world, sink, account === undefined ? {} : { retry: account });
  await world.engine.submit([mail('m1')]);
  const history = await historyUntil(world, 'm1', 'error');
  expect(history.map(({ event, attempt }) => `${event} ${attempt}`)).toEqual([
    ...Array.from({ length: attempts - 1 }, (_, index) => `deferred ${index + 1}`),
    `error ${attempts}`,
  ]);
  expect(history.at(-1)).toMatchObject({ error: expect.stringContaining('given up: dot: 451 4.3.0 not now') });
});

test("a tenant's delay decides when a message is tried again", async () => {
  await using sink = await startSmtpSink({ onMessage: (_, attempt) => (attempt === 1 ? LATER : null) });
  await using world = await openWorld({ retry: WITHOUT_END });
  await world.engine.execute('tenants.update', { tenant_id: 'default', retry: { delays_seconds: [3_600] } });
  await addAccount(world, sink);
  const before = Date.now() / 1_000;
  await world.engine.submit([mail('m1')]);
  const [deferred] = await historyUntil(world, 'm1', 'deferred');
  // A listed delay gets up to a tenth on top.
  expect(deferred?.next_attempt_ts).toBeGreaterThanOrEqual(Math.floor(before) + 3_600);
  expect(deferred?.next_attempt_ts).toBeLessThanOrEqual(Math.ceil(Date.now() / 1_000) + 3_960);
});
