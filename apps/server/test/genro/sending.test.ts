// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type SinkMessage, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { counts, openGenro } from './genro-world.case.ts';

const idOf = ({ raw }: SinkMessage): string | undefined => /^X-Genro-Mail-ID: (.*)\r$/m.exec(raw.toString())?.[1];

test('each message goes out once, by the server of its account alone, and says which it is', async () => {
  await using world = await openGenro();
  await using one = await startSmtpSink();
  await using two = await startSmtpSink();
  await world.tenant('acme', [one, two]);
  await world.tenant('other', [two]);
  await world.add('acme', [
    { id: 'm-1', headers: { 'X-Custom-Header': 'custom-value', 'X-Priority': 1 } },
    { id: 'm-2', subject: "<script>alert('XSS')</script>", priority: 'immediate' },
    { id: 'm-3', subject: 'Test Email 🚀 with Emoji 🎉', body: '<p>Hi</p>', content_type: 'html' },
  ]);
  await world.add('acme-1', [{ id: 'm-4' }]);
  await world.add('other', [{ id: 'm-5' }]);
  await world.runNow();
  await eventually(async () => {
    expect(counts(await world.states('acme'))).toEqual({ sent: 4 });
    expect(counts(await world.states('other'))).toEqual({ sent: 1 });
  });
  await world.runNow();
  expect(one.messages.map(idOf).toSorted()).toEqual(['m-1', 'm-2', 'm-3']);
  expect(two.messages.map(idOf).toSorted()).toEqual(['m-4', 'm-5']);
  const raw = (id: string) => one.messages.find((message) => idOf(message) === id)?.raw.toString() ?? '';
  expect(raw('m-1')).toMatch(/^X-Custom-Header: custom-value\r$/m);
  expect(raw('m-1')).toMatch(/^X-Priority: 1\r$/m);
  expect(raw('m-2')).toContain("Subject: <script>alert('XSS')</script>\r\n");
  expect(raw('m-3')).toMatch(/^Subject: .*(Test Email|emoji)/im);
  expect(raw('m-3')).toMatch(/^Content-Type: text\/html/im);
  const record = (await world.records('acme'))['m-1'];
  expect(record).toMatchObject({ error: null, error_ts: null, deferred_ts: null, retry_count: 0 });
  expect(record.sent_ts).toBeLessThanOrEqual(Date.now() / 1_000);
});

test('addresses and headers are read as they were', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  const headers = {
    'Reply-To': 'r@example.com',
    'Message-ID': 'own@example.com',
    Date: 'today',
    'X-Genro-Mail-ID': 'x',
    'X-A': null,
  };
  await world.add('acme', [
    { id: 'm-1', to: ['a@example.com, b@example.com', 'Doe <c@example.com>'], cc: '', bcc: ['d@example.com'], headers },
  ]);
  const [sent] = await sink.waitFor(1);
  expect(sent?.to).toEqual(['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com']);
  const raw = sent?.raw.toString() ?? '';
  expect(raw).toContain('Reply-To: r@example.com\r\n');
  expect(raw).toContain('Message-ID: <own@example.com>\r\n');
  expect(raw.match(/^(X-Genro-Mail-ID|Date): .*$/gm)).toHaveLength(2);
  expect(raw).not.toMatch(/^(Date: today|X-A|Bcc)/m);
  expect((await world.add('acme', [{ id: 'm-2', headers: { Bcc: 'e@example.com' } }])).status).toBe(400);
});

test('run-now may be for one tenant', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  await world.add('acme', [{ id: 'm-1' }]);
  await world.runNow('acme');
  await sink.waitFor(1);
  expect((await world.post('/commands/run-now?tenant_id=nobody')).status).toBe(200);
});

test('a message is not sent by its acceptance, so that it may be suspended', async () => {
  await using world = await openGenro({ GMP_COMPAT_SEND_DELAY_MS: '60000' });
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  await world.add('acme', [{ id: 'm-1' }, { id: 'm-2', priority: 'immediate' }]);
  await world.runNow();
  // It waits for nothing that an old client would know.
  expect(counts(await world.states('acme'))).toEqual({ pending: 2 });
  expect(sink.messages).toEqual([]);
});

test('550 after DATA is an error, 451 a deferral, and 452 after three leaves the rest to be tried again', async () => {
  await using world = await openGenro();
  await using refusing = await startSmtpSink({ onMessage: () => ({ code: 550, text: '5.7.1 not wanted' }) });
  await using busy = await startSmtpSink({ onMessage: () => ({ code: 451, text: '4.3.0 come back' }) });
  let taken = 0;
  await using full = await startSmtpSink({
    onMessage: () => (++taken <= 3 ? null : { code: 452, text: '4.3.1 no room' }),
  });
  await world.tenant('acme', [refusing, busy, full]);
  await world.add('acme', [{ id: 'refused' }]);
  await world.add('acme-1', [{ id: 'busy' }]);
  await world.add(
    'acme-2',
    [1, 2, 3, 4, 5].map((n) => ({ id: `full-${n}` })),
  );
  await world.runNow();
  await eventually(async () => {
    const { refused, busy: greylisted, ...rest } = await world.states('acme');
    expect([refused, greylisted]).toEqual(['error', 'deferred']);
    expect(counts(rest)).toEqual({ sent: 3, deferred: 2 });
  });
  const records = await world.records('acme');
  expect(records['refused']).toMatchObject({
    error: expect.stringContaining('not wanted'),
    sent_ts: null,
    retry_count: 0,
  });
  expect(records['refused'].error_ts).toBeLessThanOrEqual(Date.now() / 1_000);
  expect(records['busy']).toMatchObject({ error: null, error_ts: null, sent_ts: null, retry_count: 1 });
  // The first delay of the original.
  expect(records['busy'].deferred_ts).toBeGreaterThan(Date.now() / 1_000);
});

test('files come in the message, by URL and from the tenant’s own server', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await using files = await startReportReceiver({
    answer: (_body, _n, { path }) => (path === '/missing.txt' ? { status: 404 } : { raw: `file of ${path}` }),
  });
  await world.tenant('acme', [sink]);
  await world.put('/tenant/acme', {
    client_base_url: files.url,
    client_attachment_path: '/attachments',
    client_auth: { method: 'none' },
  });
  const file = (storage_path: string, fetch_mode?: string) => ({
    attachments: [{ filename: '報告 📎.txt', storage_path, ...(fetch_mode === undefined ? {} : { fetch_mode }) }],
  });
  await world.add('acme', [
    { id: 'inline', ...file('base64:aGVsbG8=', 'base64') },
    { id: 'url', ...file(`${files.url}/there.txt`, 'http_url') },
    { id: 'asked', ...file('doc_id=12', 'endpoint') },
    { id: 'told', ...file(`${files.url}/there.txt`) },
    { id: 'missing', ...file(`${files.url}/missing.txt`, 'http_url') },
  ]);
  await world.runNow();
  await eventually(async () => {
    const { missing, ...rest } = await world.states('acme');
    expect(counts(rest)).toEqual({ sent: 4 });
    expect(['error', 'deferred']).toContain(missing);
  });
  expect(sink.messages.map(idOf).toSorted()).toEqual(['asked', 'inline', 'told', 'url']);
  for (const { headers } of sink.messages) expect(headers.get('content-type')?.[0]).toMatch(/^multipart\//);
  const asked = sink.messages.find((message) => idOf(message) === 'asked')?.raw.toString() ?? '';
  expect(asked).toContain(Buffer.from('file of /attachments').toString('base64'));
  expect(files.requests.find(({ path }) => path === '/attachments')?.body).toEqual({ storage_path: 'doc_id=12' });
  const { inline, url } = await world.records('acme');
  expect(inline.message.attachments).toMatchObject([{ filename: '報告 📎.txt', fetch_mode: 'base64', size: 5 }]);
  // An address may be a key.
  expect(JSON.stringify(url)).not.toContain('there.txt');
});

test('over a day of work every message is listed', async () => {
  await using world = await openGenro();
  await using sink = await startSmtpSink();
  await world.tenant('acme', [sink]);
  const ids = Array.from({ length: 250 }, (_, n) => `m-${n}`);
  await world.add(
    'acme',
    ids.map((id) => ({ id })),
  );
  await world.runNow();
  await eventually(async () => expect(counts(await world.states('acme'))).toEqual({ sent: 250 }));
  expect(Object.keys(await world.records('acme')).toSorted()).toEqual(ids.toSorted());
});
