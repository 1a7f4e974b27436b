// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { serveApp } from './served-app.case.ts';

const mail = { from: 'a@example.net', subject: 'Hi', text: 'Hello' };

test('a message to nobody but suppressed addresses is answered with 422 and names them', async () => {
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: '127.0.0.1', port: 1 } });
  const added = await app.call('POST', '/v1/suppressions', {
    json: { address: 'Bob@Example.org', reason: 'complaint' },
  });
  expect([added.status, added.json.address]).toEqual([201, 'bob@example.org']);

  const refused = await app.call('POST', '/v1/messages', { json: { ...mail, to: 'bob@example.org' } });
  expect([refused.status, refused.headers.get('content-type')]).toEqual([422, 'application/problem+json']);
  expect(refused.json).toMatchObject({
    code: 'suppressed',
    title: 'All recipients are on the suppression list',
    detail: 'bob@example.org is on the suppression list: complaint',
    errors: [{ pointer: '/to', message: 'bob@example.org is on the suppression list: complaint' }],
  });
  const raw = await app.call('POST', '/v1/messages?to=bob@example.org', {
    body: 'From: a@example.net\r\nSubject: Hi\r\n\r\nHello\r\n',
    headers: { 'content-type': 'message/rfc822' },
  });
  expect([raw.status, raw.json.code]).toEqual([422, 'suppressed']);
  const passed = await app.call('POST', '/v1/messages?to=bob@example.org&ignore_suppressions=true', {
    body: 'From: a@example.net\r\nSubject: Hi\r\n\r\nHello\r\n',
    headers: { 'content-type': 'message/rfc822' },
  });
  expect(passed.status).toBe(202);
});

test('an address of any form stands in a path', async () => {
  await using app = await serveApp();
  for (const address of ['a/b%c+d@example.org', '"a b?"@example.org', 'zoë@bücher.example', '@gone.example']) {
    expect((await app.call('POST', '/v1/suppressions', { json: { address } })).status).toBe(201);
    const path = `/v1/suppressions/${encodeURIComponent(address)}`;
    const found = await app.call('GET', path);
    expect([address, found.status]).toEqual([address, 200]);
    const query = new URLSearchParams({ address });
    expect((await app.call('GET', `/v1/suppressions/check?${query}`)).json).toMatchObject({ suppressed: true });
    expect((await app.call('DELETE', path)).status).toBe(204);
    expect((await app.call('GET', path)).status).toBe(404);
  }
});

test('an export is lines of JSON, page by page behind each other', async () => {
  await using app = await serveApp();
  for (const half of ['a', 'b']) {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({ address: `${half}${index}@example.org` }));
    await app.call('POST', '/v1/suppressions/import', { json: { entries } });
  }
  const exported = await app.call('GET', '/v1/suppressions/export');
  expect(exported.headers.get('content-type')).toContain('application/x-ndjson');
  const lines = exported.text.trimEnd().split('\n');
  expect(new Set(lines.map((line) => JSON.parse(line).address)).size).toBe(2_000);
});
