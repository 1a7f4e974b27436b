// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { type ServedApp, serveApp } from './served-app.case.ts';

const message = (id: string) => ({ id, from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'yo' });

/** An engine that runs, with one account that has sent as much as a minute allows. */
async function appOverLimit(tenant: object, account: object = { limit_per_minute: 1 }) {
  const sink = await startSmtpSink();
  const app = await serveApp();
  await app.call('PATCH', '/v1/tenants/default', { json: tenant });
  const relay = { id: 'main', host: sink.host, port: sink.port, tls: 'none', ...account };
  expect((await app.call('POST', '/v1/accounts', { json: relay })).status).toBe(201);
  await app.engine.start();
  expect((await app.call('POST', '/v1/messages', { json: message('first') })).status).toBe(202);
  await sent(app, 'first');
  return {
    app,
    sink,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
    },
  };
}

async function sent(app: ServedApp, id: string): Promise<void> {
  for await (const event of app.engine.events()) if (event.id === id && event.event === 'sent') return;
}

async function idsOf(app: ServedApp): Promise<readonly string[]> {
  const { json } = await app.call('GET', '/v1/messages');
  return json.items.map(({ id }: { readonly id: string }) => id);
}

describe('a tenant that wants to be refused over its limit', () => {
  test('is answered 429 with the limit and the time to come back, and nothing is queued', async () => {
    await using world = await appOverLimit({ refuse_over_limit: true });
    const { app } = world;
    const answer = await app.call('POST', '/v1/messages', { json: message('second') });
    expect([answer.status, answer.json.code]).toEqual([429, 'rate_limited']);
    expect(answer.json).toMatchObject({ limit: 1, scope: 'account', window_seconds: 60 });
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(61);
    expect(answer.headers.get('ratelimit-policy')).toBe('"account";q=1;w=60');
    expect(answer.headers.get('ratelimit')).toBe(`"account";r=0;t=${seconds}`);
    expect(await idsOf(app)).toEqual(['first']);
  });

  test('is told so for each message of a batch', async () => {
    await using world = await appOverLimit({ refuse_over_limit: true });
    const json = { messages: [message('second'), message('third')] };
    const answer = await world.app.call('POST', '/v1/messages/batch', { json });
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ accepted: 0, rejected: 2, results: [{ code: 'rate_limited' }, {}] });
    expect(await idsOf(world.app)).toEqual(['first']);
  });

  test('sees its own limit where that is the one reached', async () => {
    await using world = await appOverLimit({ refuse_over_limit: true, limit_per_hour: 1 }, {});
    const answer = await world.app.call('POST', '/v1/messages', { json: message('second') });
    expect([answer.status, answer.headers.get('ratelimit-policy')]).toEqual([429, '"tenant";q=1;w=3600']);
  });
});

test('without that wish the message is accepted and says what it waits for', async () => {
  await using world = await appOverLimit({});
  const { app } = world;
  const accepted = await app.call('POST', '/v1/messages', { json: message('second') });
  expect([accepted.status, accepted.headers.get('ratelimit')]).toEqual([202, null]);
  const { json } = await app.call('GET', '/v1/messages/second');
  expect(json.waiting_for[0]).toMatchObject({
    kind: 'rate_limit',
    scope: 'account',
    until: expect.stringMatching(/^\d{4}-/),
  });
});

test('a batch of which every message is to come again says when, as a header too', async () => {
  await using world = await appOverLimit({ refuse_over_limit: true });
  const { app } = world;
  const call = (messages: readonly object[]) => app.call('POST', '/v1/messages/batch', { json: { messages } });
  const refused = await call([message('second'), message('third')]);
  expect(refused.headers.get('retry-after')).toBe(String(refused.json.results[1].retry_after));
  const mixed = await call([message('second'), { ...message('third'), account_id: 'none' }]);
  expect(mixed.json.rejected).toBe(2);
  expect(mixed.headers.get('retry-after')).toBeNull();
});
