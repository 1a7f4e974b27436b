// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { createMailEngine } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { wave } from './wave.mixin.ts';

test('who waves is in the history of the message once, and only who may manage it tells', async () => {
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins: [wave] });
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 25 });
  await engine.submit([{ id: 'hi', from: 'a@example.com', to: 'b@example.org', subject: 'Hi', text: 'Hello' }]);
  const waved = { message_id: 'hi', from: 'b@example.org' };
  expect(await engine.execute('waves.receive', waved)).toEqual({ is_new: true, link: expect.any(String) });
  expect(await engine.execute('waves.receive', waved)).toMatchObject({ is_new: false });
  expect(await engine.execute('messages.events', { message_id: 'hi' })).toMatchObject({
    items: [{ type: 'wave_received', extra: { from: 'b@example.org' } }],
  });
  await engine.execute('tenants.create', { id: 'other' });
  await expect(engine.execute('waves.receive', { ...waved, tenant_id: 'other' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('who has the link sees the count, and nobody else', async () => {
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins: [wave] });
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 25 });
  await engine.submit([{ id: 'hi', from: 'a@example.com', to: 'b@example.org', subject: 'Hi', text: 'Hello' }]);
  const told = await engine.execute('waves.receive', { message_id: 'hi', from: 'b@example.org' });
  const { link } = told as { readonly link: string };
  const [route] = engine.routes;
  const ask = (path: string): Promise<Response> | undefined =>
    route?.handle(new Request(new URL(path, 'http://mail.example')), { token: path.slice('/waves/'.length) });
  expect(await (await ask(link))?.json()).toEqual({ waves: 1 });
  await expect(ask(link.replace(/.{4}$/, 'AAAA'))).rejects.toMatchObject({ code: 'not_found' });
  await expect(ask('/waves/')).rejects.toMatchObject({ code: 'not_found' });
});

test('the guide shows it as it is', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const code = read('./wave.mixin.ts').replace(/^(\/\/ SPDX.*\n)+/, '');
  expect(read('../../docs/guide/mixins.md')).toContain(`\`\`\`ts\n${code}\`\`\``);
});
