// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type ReportReceiver,
  type ServerProcess,
  type SmtpSink,
  spawnServer,
  startReportReceiver,
  startScriptedPeer,
  startSmtpSink,
  tempDir,
} from '@mail-proxy/testkit';
import { expect, test } from 'vitest';

const TOKEN = 'a-token-for-tests-only';

/** A server process on a folder of its own. */
async function start(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  return spawnServer({
    env: {
      GMP_DATA_DIR: dataDir,
      GMP_PORT: '0',
      GMP_API_TOKEN: TOKEN,
      GMP_RETRY_BASE_MS: '200',
      GMP_OUTGOING_ALLOWED_HOSTS: '127.0.0.1',
      ...env,
    },
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; the tests look into it by matchers. */
  readonly body: Record<string, unknown>;
}

async function call(
  server: ServerProcess,
  method: string,
  path: string,
  { token = TOKEN, json, raw }: { readonly token?: string | null; readonly json?: unknown; readonly raw?: string } = {},
): Promise<Answer> {
  const body = raw ?? (json === undefined ? null : JSON.stringify(json));
  const response = await fetch(server.url + path, {
    method,
    body,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: Object(parsed) };
}

/** A tenant with an account at the sink and reports to the receiver; gives its API key. */
async function tenantWithAccount(
  server: ServerProcess,
  id: string,
  { sink, receiver }: { readonly sink: Pick<SmtpSink, 'port'>; readonly receiver?: ReportReceiver },
): Promise<string> {
  const json = { id, ...(receiver === undefined ? {} : { client_base_url: receiver.url }) };
  const { status, body } = await call(server, 'POST', '/v1/tenants', { json });
  expect(status).toBe(201);
  const token = String(body['api_key']);
  const account = { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' };
  expect((await call(server, 'POST', '/v1/accounts', { token, json: account })).status).toBe(201);
  return token;
}

const message = (id: string, fields: object = {}): object => ({
  id,
  from: 'Sender <sender@example.com>',
  to: 'recipient@example.org',
  subject: 'Hello',
  text: 'A line.',
  ...fields,
});

test('the main job: posted over HTTP, delivered over SMTP, reported to the tenant', async () => {
  using dir = tempDir();
  await using sink = await startSmtpSink();
  await using receiver = await startReportReceiver();
  await using server = await start(dir.path);
  const token = await tenantWithAccount(server, 'acme', { sink, receiver });
  const accepted = await call(server, 'POST', '/v1/messages', { token, json: message('one') });
  expect(accepted).toMatchObject({ status: 202, body: { id: 'one', tenant_id: 'acme', account_id: 'main' } });
  const batch = await call(server, 'POST', '/v1/messages/batch', {
    token,
    json: { messages: [message('two'), message('one'), message('three', { account_id: 'nope' }), message('four')] },
  });
  expect(batch).toMatchObject({
    status: 202,
    body: {
      accepted: 2,
      rejected: 2,
      results: [
        { index: 0, id: 'two', status: 'accepted' },
        { index: 1, id: 'one', status: 'rejected', code: 'duplicate_id' },
        {
          index: 2,
          id: 'three',
          status: 'rejected',
          code: 'unknown_account',
          problems: [{ pointer: '/messages/2/account_id' }],
        },
        { index: 3, id: 'four', status: 'accepted' },
      ],
    },
  });
  await sink.waitFor(3);
  await receiver.waitForReports(3);
  expect(receiver.reports.map((report) => report['id']).toSorted()).toEqual(['four', 'one', 'two']);
  for (const { headers } of sink.messages) {
    expect(headers.get('message-id')?.[0]).toMatch(/^<.+@example\.com>$/);
    expect(headers.get('date')).toHaveLength(1);
    expect(['one', 'two', 'four']).toContain(headers.get('x-genro-mail-id')?.[0]);
  }
  const shown = await call(server, 'GET', '/v1/messages/one', { token });
  expect(shown.body).toMatchObject({
    state: 'final',
    result: 'sent',
    attempts: 1,
    recipients: [{ state: 'sent', code: 250 }],
  });
});

test("another tenant's resources are as if they did not exist", async () => {
  using dir = tempDir();
  await using sink = await startSmtpSink();
  await using server = await start(dir.path);
  const acme = await tenantWithAccount(server, 'acme', { sink });
  const other = await tenantWithAccount(server, 'other', { sink });
  const { body } = await call(server, 'POST', '/v1/messages', { token: acme, json: message('secret') });
  const account = await call(server, 'GET', '/v1/accounts/main', { token: acme });
  for (const path of [
    '/v1/messages/secret',
    `/v1/messages/${String(body['pk'])}`,
    `/v1/messages/${String(body['pk'])}/events`,
    `/v1/accounts/${String(account.body['pk'])}`,
    '/v1/tenants/acme',
    '/v1/messages?tenant_id=acme',
    '/v1/events?tenant_id=acme',
  ]) {
    expect(await call(server, 'GET', path, { token: other }), path).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  }
  const cancel = await call(server, 'POST', `/v1/messages/${String(body['pk'])}/cancel`, { token: other });
  expect(cancel.status).toBe(404);
  const foreign = await call(server, 'POST', '/v1/messages', {
    token: other,
    json: message('x', { tenant_id: 'acme' }),
  });
  expect(foreign.status).toBe(404);
  const listed = await call(server, 'GET', '/v1/messages', { token: other });
  expect(listed.body['items']).toEqual([]);
  const log = await call(server, 'GET', '/v1/command-log', { token: other });
  expect(log.body['items']).not.toContainEqual(expect.objectContaining({ tenant_id: 'acme' }));
  for (const path of ['/v1/tenants', '/v1/instance']) {
    expect((await call(server, 'GET', path, { token: other })).status, path).toBe(403);
  }
});

test('bad input is named and nothing of it is stored', async () => {
  using dir = tempDir();
  await using sink = await startSmtpSink();
  await using server = await start(dir.path, { GMP_MAX_BODY_BYTES: '200000' });
  const token = await tenantWithAccount(server, 'acme', { sink });
  const post = (json: unknown): Promise<Answer> => call(server, 'POST', '/v1/messages/batch', { token, json });
  const wrong = await post({
    messages: [message('a'), message('b', { to: ['fine@example.org', 'broken@'], priority: 9, colour: 'red' })],
  });
  expect(wrong).toMatchObject({ status: 422, body: { code: 'invalid_input' } });
  expect(wrong.headers.get('content-type')).toContain('application/problem+json');
  const pointers = (wrong.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
  expect(pointers).toEqual(expect.arrayContaining(['/messages/1/priority', '/messages/1/colour']));
  const address = await post({ messages: [message('a'), message('b', { to: ['fine@example.org', 'broken@'] })] });
  expect(address.body['errors']).toMatchObject([{ pointer: '/messages/1/to/1' }]);
  const many = await post({
    messages: Array.from({ length: 1_001 }, (_, index) => message(`m${index}`, { text: '' })),
  });
  expect(many).toMatchObject({ status: 422, body: { code: 'batch_too_large' } });
  const both = await call(server, 'POST', '/v1/messages', { token, json: message('c', { body: 'also' }) });
  expect(both).toMatchObject({ status: 422, body: { errors: [{ pointer: '/body' }] } });
  const large = await call(server, 'POST', '/v1/messages', {
    token,
    json: message('d', { text: 'x'.repeat(300_000) }),
  });
  expect(large).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  expect((await call(server, 'POST', '/v1/messages', { token, raw: '{"id":' })).status).toBe(400);
  expect((await call(server, 'GET', '/v1/messages', { token: 'mp_live_wrong' })).status).toBe(401);
  expect((await call(server, 'GET', '/v1/messages', { token: null })).status).toBe(401);
  const listed = await call(server, 'GET', '/v1/messages', { token });
  expect(listed.body['items']).toEqual([]);
  expect(sink.messages).toHaveLength(0);
});

test('SIGTERM lets a running send finish, writes its outcome and exits with 0', async () => {
  using dir = tempDir();
  const release = Promise.withResolvers<void>();
  const inBody = Promise.withResolvers<void>();
  await using peer = await startScriptedPeer(async (client) => {
    await client.send('220 peer\r\n');
    await client.expect(/^EHLO/);
    await client.send('250 peer\r\n');
    await client.expect(/^MAIL/);
    await client.send('250 ok\r\n');
    await client.expect(/^RCPT/);
    await client.send('250 ok\r\n');
    await client.expect(/^DATA/);
    await client.send('354 go on\r\n');
    await client.readBody();
    inBody.resolve();
    await release.promise;
    await client.send('250 taken\r\n');
  });
  const first = await start(dir.path);
  const token = await tenantWithAccount(first, 'acme', { sink: peer });
  await call(first, 'POST', '/v1/messages', { token, json: message('slow') });
  await inBody.promise;
  first.kill('SIGTERM');
  release.resolve();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  await using second = await start(dir.path);
  const shown = await call(second, 'GET', '/v1/messages/slow', { token });
  expect(shown.body).toMatchObject({ state: 'final', result: 'sent', attempts: 1 });
});

test('the token of the first start serves the second one, and a server beyond loopback wants one given', async () => {
  using dir = tempDir();
  const env = { GMP_DATA_DIR: dir.path, GMP_PORT: '0' };
  const first = await spawnServer({ env });
  const token = /mp_admin_\S+/.exec(first.stdout())?.[0];
  if (token === undefined) throw new Error('no token was printed');
  expect((await call(first, 'GET', '/v1/instance', { token })).status).toBe(200);
  first.kill();
  await first.exited;
  await using second = await spawnServer({ env });
  expect(second.stdout()).not.toContain(token);
  expect((await call(second, 'GET', '/v1/instance', { token })).status).toBe(200);
  using elsewhere = tempDir();
  await expect(
    spawnServer({ env: { GMP_DATA_DIR: elsewhere.path, GMP_PORT: '0', GMP_HOST: '0.0.0.0' } }),
  ).rejects.toThrow(/GMP_API_TOKEN/);
});
