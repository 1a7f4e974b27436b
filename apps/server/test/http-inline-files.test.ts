// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { serveApp } from './served-app.case.ts';
import { openUploadWorld } from './upload-world.case.ts';

const MAIL = { from: 'a@example.net', to: 'b@example.org', subject: 'Files', text: 'Here.' };
/** Of each length modulo three, so that the letters end with each padding; the first comes in one piece, the others in many. */
const SIZES = [30_000, 3_000_001, 3_000_002];
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

test.each(SIZES)('a file of %i bytes within the JSON arrives as it was', async (size) => {
  await using world = await openUploadWorld();
  const bytes = randomBytes(size);
  const [content_md5, content_sha256] = ['md5', 'sha256'].map((name) => createHash(name).update(bytes).digest('hex'));
  const attachments = [
    { filename: 'large.bin', storage_path: `base64:${base64(bytes)}`, content_md5, content_sha256 },
    { filename: 'again.bin', storage_path: base64(bytes), fetch_mode: 'base64' },
  ];
  expect((await world.app.call('POST', '/v1/messages', { json: { ...MAIL, attachments } })).status).toBe(202);
  const received = (await world.received()).attachments;
  expect(received.map(({ filename }) => filename)).toEqual(['large.bin', 'again.bin']);
  for (const { content } of received) expect(Buffer.compare(Buffer.from(content as ArrayBuffer), bytes)).toBe(0);
});

test('what is wrong with a long file is said of the field that has it', async () => {
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' } });
  const bytes = randomBytes(30_000);
  const path = `base64:${base64(bytes)}`;
  const post = (attachment: object) =>
    app.call('POST', '/v1/messages', { json: { ...MAIL, attachments: [{ filename: 'a.bin', ...attachment }] } });
  for (const [attachment, field, why] of [
    [{ storage_path: `${path}!` }, 'storage_path', 'expected valid base64'],
    [{ storage_path: path, content_md5: '0'.repeat(32) }, 'content_md5', 'it is not the MD5 of the bytes'],
    [{ storage_path: path, fetch_mode: 'http_url' }, 'storage_path', expect.stringContaining('http')],
    [{ filename: path, storage_path: '' }, 'storage_path', 'expected where the bytes are'],
    [{ storage_path: path, auth: { method: 'bearer', token: 't' } }, 'auth', expect.stringContaining('fetch_mode')],
    [{ storage_path: 7 }, 'storage_path', 'expected string'],
  ] as const) {
    const { json } = await post(attachment);
    const what = JSON.stringify(attachment).slice(-80);
    expect([json.code, json.errors], what).toEqual([
      'invalid_input',
      [{ pointer: `/attachments/0/${field}`, message: why }],
    ]);
  }
});

test('a request with a long file that comes again with its key is the same one, however its file is written', async () => {
  await using app = await serveApp();
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' } });
  const bytes = randomBytes(300_000);
  const post = (storage_path: string) =>
    app.call('POST', '/v1/messages', {
      // A body that is written with escapes is read by the parser alone.
      body: JSON.stringify({ ...MAIL, attachments: [{ filename: 'a.bin', storage_path }] }).replace(
        'base64:',
        '\\u0062ase64:',
      ),
      headers: { 'idempotency-key': 'k1', 'content-type': 'application/json' },
    });
  const json = { ...MAIL, attachments: [{ filename: 'a.bin', storage_path: `base64:${base64(bytes)}` }] };
  const first = await app.call('POST', '/v1/messages', { json, headers: { 'idempotency-key': 'k1' } });
  const second = await post(`base64:${base64(bytes)}`);
  expect([first.status, second.status, second.text]).toEqual([202, 202, first.text]);
  const other = await post(`base64:${base64(randomBytes(300_000))}`);
  expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
});
