// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The published client against the server: what it has, and that what it sends is understood.
import { createClient, eachItem, isApiError } from '@mail-proxy/client';
import { coreOperations } from '@mail-proxy/core';
import { afterAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, serveApp } from './served-app.case.ts';

const server = await serveApp();
const client = createClient({ url: server.url, token: ADMIN_TOKEN, tenantId: 'acme', retries: 0 });
afterAll(() => server[Symbol.asyncDispose]());

const MAIL = { from: 'shop@shop.example', to: 'ada@example.org', account_id: 'main', text: 'Thank you.' };

test('has a method for every operation', () => {
  const missing = coreOperations.filter(({ name }) => {
    const [resource = '', verb = ''] = name
      .split('.')
      .map((words) => words.replaceAll(/-(\w)/g, (_, l) => l.toUpperCase()));
    const methods: object = { ...client }[resource as 'messages'] ?? {};
    return typeof methods[verb as never] !== 'function';
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('sets up a tenant and posts mail for it, once for each key', async () => {
  const tenant = await client.tenants.create({ id: 'acme', name: 'Acme' });
  expect(tenant.api_key).toMatch(/^mp_/);
  await client.instance.pause();
  await client.accounts.create({ id: 'main', host: '127.0.0.1', port: 2525, tls: 'none' });

  const first = await client.messages.create({ ...MAIL, id: 'order-1', subject: 'One' }, { idempotencyKey: 'k1' });
  const again = await client.messages.create({ ...MAIL, id: 'order-1', subject: 'One' }, { idempotencyKey: 'k1' });
  expect(again).toEqual(first);

  const note = new File(['a note'], 'note.txt', { type: 'text/plain' });
  await client.messages.create({ ...MAIL, id: 'order-2', subject: 'Two' }, { files: { note } });
  const raw = 'From: shop@shop.example\r\nTo: bob@example.org\r\nSubject: Three\r\n\r\nThank you.\r\n';
  await client.messages.createFromMail(raw, { id: 'order-3', account_id: 'main' });

  const found = [];
  for await (const message of eachItem(client.messages.list, { limit: 1 })) found.push(message.id);
  expect(found.toSorted()).toEqual(['order-1', 'order-2', 'order-3']);
  const { attachments } = await client.messages.get({ message_id: 'order-2' });
  expect(attachments).toMatchObject([{ filename: 'note.txt' }]);
});

test('reads lines, and removes what it added', async () => {
  await client.suppressions.add({ address: 'bob@example.org', reason: 'unsubscribe' });
  const lines = [];
  for await (const line of client.suppressions.export()) lines.push(line);
  expect(lines).toMatchObject([{ address: 'bob@example.org', reason: 'unsubscribe' }]);
  expect(await client.suppressions.remove({ address: 'bob@example.org' })).toBeUndefined();
});

test('tells what the server refused, by its code', async () => {
  const refused = await client.messages.get({ message_id: 'never' }).catch((error: unknown) => error);
  expect(isApiError(refused) && refused).toMatchObject({
    status: 404,
    code: 'not_found',
    requestId: expect.any(String),
  });
  const wrong = await client.accounts.create({ id: '', host: 'x', port: 0 }).catch((error: unknown) => error);
  expect(isApiError(wrong) && wrong.problems.map(({ pointer }) => pointer)).toEqual(['/id', '/port']);
});
