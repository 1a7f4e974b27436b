// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { findMixins } from '../src/mixins.ts';
import { serveApp } from './served-app.case.ts';
import { problemsOf } from './upload-world.case.ts';

test('what an account for certified mail does not take is answered with pointers into the request', async (context) => {
  const { mixins } = await findMixins('auto');
  if (mixins.length === 0) context.skip('the enterprise package is not installed');
  await using app = await serveApp({}, {}, mixins);
  const relay = { id: 'main', host: '127.0.0.1', port: 25, tls: 'none' };
  const account = await app.call('POST', '/v1/accounts', { json: { ...relay, pec: true } });
  expect([account.status, account.json.pec]).toEqual([201, true]);
  const mail = { from: 'a@pec.example', to: ['b@pec.example'], subject: 'Hi', text: 'Salve.' };
  const blind = { ...mail, id: 'm1', bcc: ['c@pec.example'], return_path: 'r@pec.example' };
  const answer = await app.call('POST', '/v1/messages', { json: blind });
  expect(problemsOf(answer)).toEqual([422, 'invalid_input', '/return_path', '/bcc']);
  expect(answer.json.errors[1]).toMatchObject({ message: 'expected none: certified mail has no blind copies' });
  const raw = await app.call('POST', '/v1/messages?to=c@pec.example', {
    body: 'From: a@pec.example\r\nTo: b@pec.example\r\n\r\nSalve.\r\n',
    headers: { 'content-type': 'message/rfc822' },
  });
  expect(problemsOf(raw)).toEqual([422, 'invalid_input', '/to', '/to']);
  expect((await app.call('POST', '/v1/messages', { json: { ...mail, id: 'm1' } })).status).toBe(202);
});
