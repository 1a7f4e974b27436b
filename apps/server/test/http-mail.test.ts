// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { randomBytes } from 'node:crypto';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { serveApp } from './served-app.case.ts';
import { beginRequest, openUploadWorld, problemsOf } from './upload-world.case.ts';

const MAIL =
  'From: a@example.net\r\nTo: b@example.org\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\nDate: now\r\n\r\n.Hello\r\n';
const headers = { 'content-type': 'message/rfc822' };

describe('a complete message', () => {
  test('is sent as it is, with what the query says', async () => {
    await using world = await openUploadWorld();
    const query = 'id=m1&to=c@example.org&to=d@example.org&priority=immediate&return_path=r@example.net&batch_code=b';
    const answer = await world.app.call('POST', `/v1/messages?${query}`, { body: MAIL, headers });
    expect([answer.status, answer.json.id, answer.json.state]).toEqual([202, 'm1', 'ready']);
    const [message] = await world.sink.waitFor(1);
    expect(message?.raw.toString()).toBe(`X-Genro-Mail-ID: m1\r\n${MAIL}`);
    expect([message?.from, message?.to]).toEqual(['r@example.net', ['c@example.org', 'd@example.org']]);
    const { json } = await world.app.call('GET', '/v1/messages/m1');
    expect(json).toMatchObject({ priority: 0, batch_code: 'b', subject: 'Hi', message_id: '<1@x>' });
  });

  test('waits until the time in the query, and is there once', async () => {
    await using world = await openUploadWorld();
    const send = (query: string) => world.app.call('POST', `/v1/messages?${query}`, { body: MAIL, headers });
    const answer = await send('id=m1&deferred_ts=4000000000&priority=3');
    expect([answer.status, answer.json.state]).toEqual([202, 'deferred']);
    expect(problemsOf(await send('id=m1'))).toEqual([409, 'duplicate_id']);
  });

  test.each<readonly [what: string, query: string, body: string, problems: readonly unknown[]]>([
    ['with an unknown parameter', 'subject=x', MAIL, [422, 'invalid_input', '/subject']],
    ['with a wrong time', 'deferred_ts=soon', MAIL, [422, 'invalid_input', '/deferred_ts']],
    ['with bytes in the query', 'raw=x', MAIL, [422, 'invalid_input', '/raw']],
    ['without a sender', '', 'To: b@example.org\r\n\r\n', [422, 'invalid_input', '/from']],
    ['that is empty', '', '', [422, 'invalid_input', '/raw']],
  ])('%s is refused', async (_, query, body, problems) => {
    await using world = await openUploadWorld();
    expect(problemsOf(await world.app.call('POST', `/v1/messages?${query}`, { body, headers }))).toEqual(problems);
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('is taken where messages are, and nowhere else', async () => {
    await using app = await serveApp();
    const answer = await app.call('POST', '/v1/tenants', { body: MAIL, headers });
    expect(problemsOf(answer)).toEqual([415, 'unsupported_media_type']);
  });

  test('that is too large is 413 while it is sent', async () => {
    await using world = await openUploadWorld({ attachments: { maxMessageBytes: 1_000_000 } });
    const request = await beginRequest(world.app.url, '/v1/messages', { ...headers, 'transfer-encoding': 'chunked' });
    let isAnswered = false;
    void request.status.then(() => {
      isAnswered = true;
    });
    const piece = 'x'.repeat(65_536);
    for (let sent = 0; !isAnswered && sent < 200; sent++) {
      await Promise.race([request.write(`${piece.length.toString(16)}\r\n${piece}\r\n`), request.status]);
    }
    expect(await request.status).toMatch(/^HTTP\/1\.1 413 /);
    request.socket.destroy();
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('whose client goes away leaves nothing', async () => {
    await using world = await openUploadWorld();
    const request = await beginRequest(world.app.url, '/v1/messages', { ...headers, 'content-length': '20000000' });
    await request.write(MAIL);
    await request.write(randomBytes(2_000_000));
    await eventually(() => world.spooledFiles() === 1);
    request.socket.destroy();
    await eventually(() => world.spooledFiles() === 0);
    expect(await world.storedMessages()).toBe(0);
  });
});
