// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type SmtpSink, startSmtpSink } from '@mail-proxy/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GenroWorld, mail, openGenro } from './genro-world.case.ts';

let world: GenroWorld;
let sink: SmtpSink;
beforeAll(async () => {
  [world, sink] = await Promise.all([openGenro(), startSmtpSink()]);
  await world.tenant('acme', [sink]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await sink.close();
});

test('messages are queued, with no tenant named and with fields that nobody knows', async () => {
  const unknown = { cc_addr: 'a@b', bcc_addr: ['c@d'], send_after: 12, custom_headers: { A: 'b' }, other: { deep: 1 } };
  const messages = ['a-1', 'a-2'].map((id) => mail('acme', { id, ...unknown }));
  const answer = await world.post('/commands/add-messages', { messages, nonsense: true, default_priority: 'low' });
  expect(answer).toMatchObject({ status: 200, json: { ok: true, queued: 2, rejected: [] } });
  const { 'a-1': record } = await world.records('acme');
  expect(record).toMatchObject({
    id: 'a-1',
    pk: expect.any(String),
    tenant_id: 'acme',
    tenant_name: 'The tenant acme',
    account_id: 'acme',
    priority: 3,
    is_pec: false,
    retry_count: 0,
    created_at: expect.any(Number),
    message: {
      id: 'a-1',
      from: 'sender@test.com',
      to: ['recipient@example.com'],
      subject: 'Hello',
      body: 'A test.',
      content_type: 'plain',
    },
  });
});

test('every priority has its number', async () => {
  const given = { immediate: 0, High: 1, medium: 2, low: 3, 0: 0, 1: 1, 2: 2, 3: 3, 4: 3 };
  const messages = Object.keys(given).map((label) => ({
    id: `p-${label}`,
    priority: /^\d$/.test(label) ? Number(label) : label,
  }));
  expect(await world.add('acme', [...messages, { id: 'p-none' }])).toMatchObject({ json: { queued: 10 } });
  const records = await world.records('acme');
  for (const [label, priority] of Object.entries({ ...given, none: 2 })) {
    expect([label, records[`p-${label}`].priority]).toEqual([label, priority]);
  }
  expect((await world.add('acme', [{ id: 'p-bad', priority: 'soonish' }])).status).toBe(422);
});

test.each(['id', 'account_id', 'from', 'to', 'subject'])('a message without %s fails the call', async (field) => {
  const whole = mail('acme', { id: `w-${field}` });
  const { [field as keyof typeof whole]: _, ...rest } = whole;
  const { status, json } = await world.post('/commands/add-messages', {
    messages: [mail('acme', { id: `good-${field}` }), rest],
  });
  expect(status).toBe(422);
  expect(json.detail).toMatchObject([{ loc: ['body', 'messages', 1, field] }]);
  expect(Object.keys(await world.records('acme'))).not.toContain(`good-${field}`);
});

test('an empty subject and a body that is no list of messages fail the call', async () => {
  expect((await world.add('acme', [{ id: 'empty', subject: '' }])).status).toBe(422);
  for (const body of [{}, { messages: {} }, { messages: ['text'] }, undefined]) {
    const { status, json } = await world.post('/commands/add-messages', body);
    expect(status).toBe(422);
    expect(json).toHaveProperty('detail');
  }
  expect(await world.post('/commands/add-messages', { messages: [] })).toMatchObject({
    status: 200,
    json: { ok: true, queued: 0, rejected: [] },
  });
});

test('a message of an account that nobody has is refused, and keeps back no other', async () => {
  const nobody = mail('nobody', { id: 'n-1' });
  const alone = await world.post('/commands/add-messages', { messages: [nobody] });
  expect([alone.status, alone.json]).toEqual([
    400,
    { detail: { error: null, rejected: [{ id: 'n-1', reason: 'account not found' }] } },
  ]);
  const both = await world.post('/commands/add-messages', { messages: [nobody, mail('acme', { id: 'n-2' })] });
  expect(both).toMatchObject({
    status: 200,
    json: { ok: true, queued: 1, rejected: [{ id: 'n-1', reason: 'account not found' }] },
  });
  const elsewhere = await world.post('/commands/add-messages', {
    messages: [mail('acme', { id: 'n-3', tenant_id: 'default' }), mail('acme', { id: 'n-4', tenant_id: 'no such' })],
  });
  expect(elsewhere.status).toBe(400);
});

test('one call may hold messages of several tenants, and of accounts that have the same id', async () => {
  await world.tenant('left', [{ port: 1 }]);
  await world.tenant('right', [{ port: 1 }]);
  for (const tenant_id of ['left', 'right']) {
    await world.post('/account', { id: 'twin', tenant_id, host: 'localhost', port: 1, use_tls: false });
  }
  const messages = [
    mail('left', { id: 'm' }),
    mail('right', { id: 'm' }),
    mail('twin', { id: 't', tenant_id: 'left' }),
    mail('twin', { id: 't' }),
  ];
  expect(await world.post('/commands/add-messages', { messages })).toMatchObject({
    status: 200,
    json: { queued: 3, rejected: [{ id: 't', reason: expect.stringContaining('account') }] },
  });
  expect(Object.keys(await world.records('left'))).toEqual(['t', 'm']);
  expect(Object.keys(await world.records('right'))).toEqual(['m']);
});

test('what can never be sent is refused by itself, with the reason', async () => {
  const file = (attachment: object) => ({ attachments: [attachment] });
  const odd = [
    { id: 'o-1', to: ['no address'] },
    { id: 'o-2', headers: { 'X-A': 'b\r\nBcc: c@d' } },
    { id: 'o-3', ...file({ filename: 'a', storage_path: 'not-a-valid-url', fetch_mode: 'http_url' }) },
    {
      id: 'o-4',
      ...file({ filename: '../../etc/passwd', storage_path: '../../../../etc/passwd', fetch_mode: 'endpoint' }),
    },
    { id: 'o-5', ...file({ filename: 'a', storage_path: '../../../../etc/passwd', fetch_mode: 'storage' }) },
    { id: 'o-6', ...file({ filename: 'a', storage_path: 'base64:***', fetch_mode: 'base64' }) },
    { id: 'o-7', ...file({ filename: 'a', storage_path: 'x', fetch_mode: 'carrier pigeon' }) },
    { id: 'o-8', ...file({ filename: 'a' }) },
    { id: `${'o'.repeat(300)}` },
  ];
  const { status, json } = await world.add('acme', [{ id: 'o-good' }, ...odd]);
  expect([status, json.queued]).toEqual([200, 1]);
  expect(json.rejected.map(({ id }: { id: string }) => id)).toEqual(odd.map(({ id }) => id));
  expect(json.rejected[0].reason).toMatch(/^to/);
  for (const one of odd) {
    const alone = await world.add('acme', [one]);
    expect([one.id, alone.status, alone.json.detail.rejected[0].id]).toEqual([one.id, 400, one.id]);
  }
});

test('a thousand messages are taken, and no more', async () => {
  const messages = Array.from({ length: 1_001 }, (_, n) => mail('acme', { id: `k-${n}`, batch_code: 'kilo' }));
  const { status, json } = await world.post('/commands/add-messages', { messages });
  expect([status, json.detail.rejected]).toEqual([400, []]);
  await world.post('/commands/suspend?tenant_id=acme&batch_code=kilo');
  const fewer = await world.post('/commands/add-messages', { messages: messages.slice(1) });
  expect(fewer).toMatchObject({ status: 200, json: { queued: 1_000 } });
  expect(Object.keys(await world.records('acme')).filter((id) => id.startsWith('k-'))).toHaveLength(1_000);
});

test('an id that was sent is not sent again; one that waits is replaced', async () => {
  await world.tenant('again', [sink]);
  await world.add('again', [{ id: 'again-1' }]);
  const later = Math.floor(Date.now() / 1_000) + 86_400;
  await world.add('again', [{ id: 'again-2', subject: 'First', deferred_ts: later }]);
  await world.runNow();
  await sink.waitFor(({ headers }) => headers.get('x-genro-mail-id')?.[0] === 'again-1');
  await eventually(async () => expect(await world.states('again')).toMatchObject({ 'again-1': 'sent' }));
  const sent = await world.add('again', [{ id: 'again-1' }]);
  expect([sent.status, sent.json]).toEqual([
    200,
    { ok: true, queued: 0, rejected: [{ id: 'again-1', reason: 'already sent' }] },
  ]);
  expect(await world.add('again', [{ id: 'again-2', subject: 'Second', deferred_ts: later }])).toMatchObject({
    json: { queued: 1, rejected: [] },
  });
  expect((await world.records('again'))['again-2']).toMatchObject({
    message: { subject: 'Second' },
    deferred_ts: later,
  });
});

test('ten megabytes of text are taken, and listed with their beginning', async () => {
  await world.tenant('large', [{ port: 1 }]);
  const body = 'x'.repeat(10 * 1_048_576);
  await world.post('/commands/suspend?tenant_id=large');
  expect(await world.add('large', [{ id: 'large-1', body }])).toMatchObject({ status: 200, json: { queued: 1 } });
  const { message } = (await world.records('large'))['large-1'];
  expect([message.body.length, message.body_truncated]).toEqual([1_048_576, true]);
  expect((await world.add('large', [{ id: 'large-2', body: body + body }])).status).toBe(413);
});

test('messages of nobody, and of who has an odd name, are none', async () => {
  for (const id of ['nobody', "'; DROP TABLE messages; --", '%00', 'x'.repeat(200), '日本語']) {
    expect(await world.get(`/messages?tenant_id=${encodeURIComponent(id)}`)).toMatchObject({
      status: 200,
      json: { ok: true, messages: [] },
    });
  }
  expect(await world.get('/messages')).toMatchObject({
    status: 422,
    json: { detail: [{ type: 'missing', loc: ['query', 'tenant_id'], msg: 'Field required' }] },
  });
});

test('lists may be of what is open, and with what happened', async () => {
  await world.tenant('history', [sink]);
  await world.add('history', [{ id: 'h-1', to: 'one@example.com', cc: ['two@example.com'], content_type: 'html' }]);
  await eventually(async () => expect(await world.states('history')).toEqual({ 'h-1': 'sent' }));
  await world.add('history', [{ id: 'h-2', deferred_ts: Math.floor(Date.now() / 1_000) + 3_600 }]);
  const open = await world.get('/messages?tenant_id=history&active_only=true');
  expect(open.json.messages.map(({ id }: { id: string }) => id)).toEqual(['h-2']);
  const { json } = await world.get('/messages?tenant_id=history&include_history=true');
  expect(json.messages).toMatchObject([
    { id: 'h-2', history: [] },
    { id: 'h-1', history: [{ event_type: 'sent', event_ts: expect.any(Number) }], message: { content_type: 'html' } },
  ]);
});
