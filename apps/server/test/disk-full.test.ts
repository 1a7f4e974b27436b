// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { type ServedApp, serveApp } from './served-app.case.ts';
import { mountSmallDisk } from './small-disk.case.ts';

/** /readyz has to know in this time. */
const KNOWN = { timeout: 10_000 };

const mail = (id: string) => ({
  id,
  from: 'a@example.net',
  to: 'b@example.org',
  subject: id,
  text: randomBytes(24_000).toString('hex'),
});

/** Post messages until one is refused. @returns the ids that were accepted, and the answer that was none */
async function postUntilRefused(app: ServedApp, prefix: string) {
  const accepted: string[] = [];
  for (;;) {
    const id = `${prefix}-${accepted.length + 1}`;
    const { status, json } = await app.call('POST', '/v1/messages', { json: mail(id) });
    if (status !== 202) return { accepted, refused: [status, json.code] };
    accepted.push(id);
  }
}

async function open(path: string, port: number, minFreeMb: number): Promise<ServedApp> {
  const app = await serveApp({}, { database: join(path, 'mail.db'), limits: { minFreeMb } });
  const relay = { tenant_id: 'default', id: 'main', host: '127.0.0.1', port, tls: 'none' };
  expect((await app.call('POST', '/v1/accounts', { json: relay })).status).toBe(201);
  await app.engine.start();
  await expect.poll(async () => (await app.call('GET', '/readyz')).status, KNOWN).toBe(200);
  return app;
}

const subjectsOf = (sink: Awaited<ReturnType<typeof startSmtpSink>>): readonly string[] =>
  sink.messages.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString('latin1'))?.[1] ?? '').toSorted();

test('a full disk refuses what cannot be stored, is not ready, loses nothing, and goes on once there is room', async (context) => {
  using disk = mountSmallDisk(16);
  if (disk === null) return context.skip('only root may mount a small disk');
  await using sink = await startSmtpSink();
  await using app = await open(disk.path, sink.port, 0);
  await app.call('POST', '/v1/instance/pause');
  expect((await app.call('POST', '/v1/messages', { json: mail('before') })).status).toBe(202);
  disk.fill();
  const { accepted, refused } = await postUntilRefused(app, 'm');
  expect(refused).toEqual([507, 'storage_full']);
  await expect
    .poll(async () => (await app.call('GET', '/readyz')).json, KNOWN)
    .toMatchObject({ status: 'unavailable', reasons: expect.arrayContaining(['the disk is full']) });
  expect((await app.call('GET', '/livez')).status).toBe(200);
  disk.free();
  await expect.poll(async () => (await app.call('GET', '/readyz')).status, KNOWN).toBe(200);
  await app.call('POST', '/v1/instance/resume');
  expect((await app.call('POST', '/v1/messages', { json: mail('after') })).status).toBe(202);
  const all = ['before', ...accepted, 'after'];
  await eventually(() => sink.messages.length >= all.length);
  expect(subjectsOf(sink)).toEqual(all.toSorted());
});

test('while little is left what was accepted is sent to its end, and nothing more is accepted', async (context) => {
  using disk = mountSmallDisk(16);
  if (disk === null) return context.skip('only root may mount a small disk');
  await using sink = await startSmtpSink();
  await using app = await open(disk.path, sink.port, 4);
  await app.call('POST', '/v1/instance/pause');
  const ids = Array.from({ length: 20 }, (_, n) => `m-${n + 1}`);
  for (const id of ids) expect((await app.call('POST', '/v1/messages', { json: mail(id) })).status).toBe(202);
  disk.fill(2);
  await expect.poll(async () => (await app.call('GET', '/readyz')).json.reasons, KNOWN).toEqual(['the disk is full']);
  const refused = await app.call('POST', '/v1/messages', { json: mail('late') });
  expect([refused.status, refused.json.code]).toEqual([507, 'storage_full']);
  await app.call('POST', '/v1/instance/resume');
  await eventually(async () => (await app.call('GET', '/v1/messages?result=sent')).json.items.length === ids.length);
  expect(subjectsOf(sink)).toEqual(ids.toSorted());
});
