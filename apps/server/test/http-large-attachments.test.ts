// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { eventually, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { readServerConfig } from '../src/env/read-config.ts';
import { findMixins } from '../src/mixins.ts';
import { startServer } from '../src/start-server.ts';
import { ADMIN_TOKEN } from './served-app.case.ts';

const SIZE = 20 * 1_048_576;
const BASE = 'https://mail.example.com';

test('a file that is too large for mail is a link in it, which is followed, and ended', async (context) => {
  const { mixins } = await findMixins('auto');
  if (mixins.length === 0) context.skip('the enterprise package is not installed');
  using dir = tempDir();
  mkdirSync(dir.file('files'));
  const config = dir.file('config.json');
  writeFileSync(config, JSON.stringify({ mixins: { storages: { fileRoots: [dir.file('files')] } } }));
  await using sink = await startSmtpSink();
  await using server = await startServer(
    readServerConfig({
      ...{ GMP_PORT: '0', GMP_DATA_DIR: dir.file('data'), GMP_CONFIG_FILE: config },
      ...{ GMP_API_TOKEN: ADMIN_TOKEN, GMP_PUBLIC_URL: BASE },
    }),
  );
  const call = async (method: string, path: string, json?: object) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
    const answer = await fetch(server.url + path, { method, headers, ...(json && { body: JSON.stringify(json) }) });
    const text = await answer.text();
    expect([path, answer.status < 300, text]).toEqual([path, true, text]);
    return JSON.parse(text);
  };
  const storage_url = `file://${dir.file('files')}/large`;
  const large_file_config = { enabled: true, action: 'rewrite', max_size_mb: 1, storage_url };
  await call('POST', '/v1/tenants', { id: 'acme', large_file_config });
  await call('POST', '/v1/accounts', {
    tenant_id: 'acme',
    id: 'main',
    host: '127.0.0.1',
    port: sink.port,
    tls: 'none',
  });
  const form = new FormData();
  const mail = { id: 'm1', from: 'a@example.com', to: 'b@example.org', subject: 'Plans', text: 'Here they are.' };
  form.append('message', JSON.stringify({ tenant_id: 'acme', ...mail }));
  form.append('file', new Blob([Buffer.alloc(SIZE, 'large ')]), 'plans <1>.bin');
  const accepted = await fetch(`${server.url}/v1/messages`, {
    ...{ method: 'POST', body: form, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
  });
  expect(accepted.status).toBe(202);
  const sent = await eventually(() => sink.messages[0] ?? false);
  expect(sent.raw.byteLength).toBeLessThan(5_000);
  const [link = ''] =
    /https:\/\/mail\.example\.com\/download\/\S+/.exec(sent.raw.toString().replaceAll('=\r\n', '')) ?? [];
  const url = link.replace(BASE, server.url);

  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(SIZE)]);
  // Who begins and hangs up has not had it.
  const begun = await begin(url);
  begun.destroy();
  const answer = await fetch(url);
  expect(answer.headers.get('content-disposition')).toContain(`filename*=UTF-8''plans%20%3C1%3E.bin`);
  expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.alloc(SIZE, 'large '))).toBe(true);
  const shown = () => call('GET', '/v1/large-attachments?tenant_id=acme&message_id=m1');
  await eventually(async () => expect((await shown()).items).toMatchObject([{ downloads: 1, state: 'live' }]));

  const [{ id }] = (await shown()).items;
  await call('POST', `/v1/large-attachments/${id}/revoke`, { tenant_id: 'acme' });
  const gone = await fetch(url);
  expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'gone' }]);
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([
    ...[410, "default-src 'none'; frame-ancestors 'none'"],
  ]);
  const forged = await fetch(url.replace(/\/download\/./, '/download/x'));
  expect(forged.status).toBe(404);
});

async function begin(url: string): Promise<IncomingMessage> {
  const request = httpRequest(url, { agent: false });
  request.end();
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('there was no answer');
  await once(response, 'readable');
  return response;
}
