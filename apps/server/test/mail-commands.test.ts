// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { eventually, type SmtpSink, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './run-command.case.ts';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

/** One server for all: it sends to a relay that knows nobody called gone, and is busy for those called later. */
let relay: SmtpSink;
let app: ServedApp;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  relay = await startSmtpSink({
    onRcpt(address) {
      if (address.startsWith('gone')) return { code: 550, text: '5.1.1 no such user' };
      if (address.startsWith('evil')) return { code: 451, text: '4.7.1 \u001b[2J\u009b2J' };
      return address.startsWith('later') ? { code: 451, text: '4.7.1 come back later' } : null;
    },
  });
  app = await serveApp();
  env = { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN };
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: relay.host, port: relay.port, tls: 'none' } });
  await app.engine.start();
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

const FROM = ['--from', 'Shop <shop@example.net>'];
const send = (...args: readonly string[]) => run(['send', ...FROM, '--subject', 'Hello', ...args], env);

describe('mail-proxy send', () => {
  test('submits a mail made of flags, and says how to find it again', async () => {
    const { code, stdout, stderr } = await send('--to', 'ann@example.org', '--text', 'Hi', '--id', 'flags 1');
    expect([code, stdout]).toEqual([0, 'accepted flags 1 for account default/main, ready\n']);
    expect(stderr).toContain("mail-proxy messages show 'flags 1'");
    const arrived = await relay.waitFor(({ to }) => to.includes('ann@example.org'));
    expect(arrived.headers.get('from')).toEqual(['Shop <shop@example.net>']);
  });

  test('attaches files of this machine, and waits until the mail is sent', async () => {
    using dir = tempDir();
    writeFileSync(dir.file('räport.csv'), 'a;b\n');
    const extra = ['--attach', dir.file('räport.csv'), '--header', 'X-Order: 4711', '--html', '<b>Hi</b>'];
    const sent = await send('--to', 'ben@example.org', '--id', 'files', ...extra, '--wait');
    expect([sent.code, sent.stdout]).toEqual([0, 'files is sent\n']);
    expect(sent.stderr).toMatch(/^accepted files .*\n(waits for .*\n)*\S+ {2}sent .*ben@example\.org: 250/);
    const arrived = await relay.waitFor(({ to }) => to.includes('ben@example.org'));
    expect(arrived.headers.get('x-order')).toEqual(['4711']);
    expect(arrived.raw.toString()).toContain(Buffer.from('a;b\n').toString('base64'));
    expect(arrived.raw.toString()).toMatch(/text\/csv/);
  });

  test('sends a complete mail as it is, to others than its header says', async () => {
    using dir = tempDir();
    const mail = 'From: a@example.net\r\nTo: list@example.org\r\nSubject: As it is\r\n\r\nÜ\r\n';
    writeFileSync(dir.file('mail.eml'), mail);
    const sent = await run(['send', dir.file('mail.eml'), '--to', 'cleo@example.org', '--wait', '--json'], env);
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    expect(JSON.parse(sent.stdout)).toMatchObject({ state: 'final', result: 'sent', events: [{ type: 'sent' }] });
    const arrived = await relay.waitFor(({ to }) => to.includes('cleo@example.org'));
    expect(arrived.raw.toString()).toContain('To: list@example.org\r\nSubject: As it is\r\n');
    const wrong = await run(['send', dir.file('mail.eml'), '--subject', 'x'], env);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--subject does not go with a complete')]);
  });

  test('tells by its exit code what became of the mail', async () => {
    const failed = await send('--to', 'gone1@example.org', '--text', 'Hi', '--id', 'gone', '--wait');
    expect([failed.code, failed.stdout]).toEqual([1, 'gone is failed\n']);
    expect(failed.stderr).toContain('gone1@example.org: 550 5.1.1 no such user (rcpt)');
    const some = await send('--to', 'gone3@example.org', 'dora@example.org', '--text', 'Hi', '--wait', '--json');
    expect([some.code, JSON.parse(some.stdout).result]).toEqual([1, 'partially_sent']);
    const late = await send('--to', 'later@example.org', '--text', 'Hi', '--id', 'late', '--wait=1');
    expect([late.code, late.stderr]).toEqual([75, expect.stringContaining('mail-proxy messages watch late')]);
    expect(late.stdout).toContain('451 4.7.1 come back later');
  });

  test('says what is missing or cannot be read, and what the server refuses', async () => {
    const missing = await run(['send', '--text', 'Hi'], env);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('missing: --from, --to, --subject')]);
    const file = await send('--to', 'a@example.org', '--text', 'Hi', '--attach', '/none/such');
    expect([file.code, file.stderr]).toEqual([2, expect.stringContaining('--attach cannot be read: /none/such')]);
    const refused = await send('--to', 'a@example.org', '--text', 'Hi', '--account-id', 'none');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('unknown_account')]);
  });
});

describe('mail-proxy messages show', () => {
  test('is a page: recipients, what it waits for, its history and what was said', async () => {
    await send('--to', 'later@example.org', 'eve@example.org', '--text', 'Hi', '--id', 'page', '--priority', 'high');
    const shown = async () => (await run(['messages', 'show', 'page', '--transcript'], env)).stdout;
    await eventually(async () => (await shown()).includes('deferred  '));
    const page = await shown();
    expect(page).toMatch(/^page {2}deferred\n {2}Subject {5}Hello\n {2}From {8}shop@example\.net\n/);
    expect(page).toMatch(/ Priority {4}high\n/);
    expect(page).toMatch(/\nRecipients\n {2}to {3}later@example\.org {2}pending {3}451 4\.7\.1 come back later.*\n/);
    expect(page).toMatch(/ {2}to {3}eve@example\.org {4}sent {6}250/);
    expect(page).toMatch(/\nWaits for\n {2}retry \(message\), until \d\d:\d\d:\d\d \(in \d+ s/);
    expect(page).toMatch(/\nTimeline\n {2}\S+ {2}accepted\n {2}\S+ {2}deferred +attempt 1 .*next attempt/);
    expect(page).toMatch(/\nTranscript of attempt 1\n(.*\n)*.* C: MAIL FROM/);
    const json = await run(['messages', 'show', 'page', '--json'], env);
    expect(JSON.parse(json.stdout)).toMatchObject({ id: 'page', events: [{ type: 'deferred' }], attempts: 1 });
    const none = await run(['messages', 'show', 'none'], env);
    expect([none.code, none.stdout, none.stderr]).toEqual([1, '', expect.stringContaining('(not_found)')]);
  });

  test('lets no control character of a mail reach the terminal', async () => {
    await send('--to', 'evil@example.org', '--text', 'Hi', '--id', 'evil', '--wait=1');
    const { code, stdout } = await run(['messages', 'show', 'evil', '--transcript'], env);
    expect([code, stdout]).toEqual([0, expect.stringContaining('[2J')]);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe('mail-proxy messages watch', () => {
  test('tells what happens from now on, or from before, and picks what is wanted', async () => {
    await send('--to', 'gone4@example.org', '--text', 'Hi', '--id', 'before', '--wait');
    const watch = ['messages', 'watch', '--count', '1'];
    const earlier = await run([...watch, '--last', '200', '--type', 'error', '--recipient', 'GONE4@'], env);
    expect(earlier.stdout).toMatch(/^\d\d:\d\d:\d\d {2}error {11}default\/\S+ .*gone4@example\.org: 550/);
    const watching = run([...watch, '--batch-code', 'b1', '--tenant-id', 'default', '--json'], env);
    // Whatever was before it looked is none of its events, so it has to look first.
    await eventually(async () => /^gmp_event_readers_waiting 1$/m.test((await app.engine.metricsText()).body));
    await send('--to', 'fay@example.org', '--text', 'Hi', '--id', 'other');
    await send('--to', 'fay@example.org', '--text', 'Hi', '--id', 'batched', '--batch-code', 'b1');
    const { code, stdout, stderr } = await watching;
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ message_id: 'batched', type: 'sent', batch_code: 'b1' });
  });

  test('of all tenants is for operators, of its own for the key of a tenant', async () => {
    await app.call('POST', '/v1/tenants', { json: { id: 'other' } });
    const key = { tenant_id: 'other', label: 'w', scopes: ['events:read', 'messages:read'] };
    const { json } = await app.call('POST', '/v1/api-keys', { json: key });
    const all = await run(['messages', 'watch', '--last', '1', '--count', '1'], env);
    expect([all.code, all.stdout]).toEqual([0, expect.stringContaining('default/')]);
    const own = await run(['messages', 'watch', '--last', '1', '--count', '1', '--tenant-id', 'default'], {
      ...env,
      GMP_API_TOKEN: json.token ?? json.secret ?? json.key,
    });
    expect([own.code, own.stdout]).toEqual([1, '']);
  });

  test('waits for a server that starts again, and says so once', async () => {
    const event = {
      ...{ id: 'e1', seq: 8, tenant_id: 'acme', pk: 'p', message_id: 'm1', account_id: 'main', batch_code: null },
      ...{ type: 'sent', at: '2026-11-28T06:00:00Z', attempt: 1, reason: null, recipients: [], next_attempt_at: null },
      ...{ possible_duplicate: false, until: null, bounce_code: null, feedback: null },
    };
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      // It is there, goes away in the middle of a call, is not up yet, and is there again.
      if (asked.length === 2) request.socket.destroy();
      else if (asked.length === 3) response.writeHead(503).end();
      else {
        const items = asked.length === 1 ? [{ ...event, seq: 7 }] : [event];
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items, next: null }));
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const there = { ...env, GMP_URL: `http://127.0.0.1:${Object(server.address()).port}` };
      const watched = await run(['messages', 'watch', '--tenant-id', 'acme', '--count', '1'], there);
      expect([watched.code, watched.stdout]).toEqual([0, expect.stringMatching(/ sent +acme\/m1 +attempt 1\n$/)]);
      expect(watched.stderr).toMatch(/^the server does not answer \(.*\); asking again until it does\n$/);
      expect(asked.slice(1).every((path) => path.includes('after=7'))).toBe(true);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('of one message ends once that is final, by what became of it', async () => {
    await send('--to', 'gone5@example.org', '--text', 'Hi', '--id', 'one');
    const { code, stdout, stderr } = await run(['messages', 'watch', 'one'], env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('one is failed\n')]);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}error .*550 5\.1\.1 no such user \(rcpt\)\n$/);
  });
});

test('the help of these commands reads as a page', async () => {
  for (const args of [['send'], ['messages', 'show'], ['messages', 'watch']]) {
    const { code, stdout } = await run([...args, '--help'], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}mail-proxy /);
    expect(stdout.split('\n').every((line) => line.length <= 120)).toBe(true);
  }
});
