// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { readPayload } from './message-input.ts';

const SAID = { from: 'a@example.com', to: ['b@example.org'], subject: 'Hi', body: 'x' };
const inputOf = (payload: object) => readPayload(JSON.stringify(payload))?.input;
const attachmentOf = (attachment: object) =>
  (inputOf({ ...SAID, attachments: [attachment] }) as { attachments: object[] }).attachments[0];

test('a payload is what would be posted here, without what is empty', () => {
  const more = { cc: [], bcc: null, reply_to: '', return_path: '', tenant_id: 'acme', account_id: 'main', id: '1' };
  expect(inputOf({ ...SAID, ...more })).toEqual({ ...SAID, content_type: 'plain' });
  expect(inputOf({ ...SAID, to: 'b@example.org, c@example.org', content_type: 'html' })).toMatchObject({
    to: 'b@example.org, c@example.org',
    content_type: 'html',
  });
  expect(inputOf({ to: ['b@example.org'], from_addr: 'a@example.com' })).toMatchObject({
    from: 'a@example.com',
    subject: '',
    body: '',
  });
});

test('headers are text, and a Message-ID has its brackets', () => {
  const headers = { 'X-One': 1, 'X-Flag': true, 'X-None': null };
  expect(inputOf({ ...SAID, headers, message_id: 'a@b' })).toMatchObject({
    headers: { 'X-One': '1', 'X-Flag': 'true' },
    message_id: '<a@b>',
  });
});

test('what was deferred lies in the row that the original stored in its place, once for each attempt', () => {
  const row = (message: object) => ({
    pk: 'Z1',
    id: '1',
    tenant_id: 'acme',
    account_id: 'main',
    retry_count: 1,
    message,
  });
  const payload = readPayload(JSON.stringify(row(row({ ...SAID, retry_count: 3 }))));
  expect(payload).toEqual({ input: { ...SAID, content_type: 'plain' }, attempts: 3 });
  expect(readPayload(JSON.stringify(JSON.stringify(SAID)))?.input).toMatchObject(SAID);
  expect(readPayload(JSON.stringify({ message: JSON.stringify(SAID) }))?.input).toMatchObject(SAID);
});

test.for(['', 'not json', '[]', '7', 'null'])('%j is no payload', (text) => {
  expect(readPayload(text)).toBeNull();
});

test.for([
  ['base64:eA==', undefined, 'base64'],
  ['https://example.com/a', undefined, 'http_url'],
  ['/srv/files/a', undefined, 'filesystem'],
  ['/srv/files/a', 'storage', 'filesystem'],
  ['files:a', undefined, 'storage'],
  ['files:a', 'filesystem', 'storage'],
  ['record=7', undefined, 'endpoint'],
  ['[https://example.com]record=7', 'endpoint', 'endpoint'],
  ['eA==', 'base64', 'base64'],
] as const)('%j with mode %j is fetched by %s', ([storage_path, fetch_mode, mode]) => {
  expect(attachmentOf({ filename: 'a.txt', storage_path, fetch_mode })).toMatchObject({
    storage_path,
    fetch_mode: mode,
  });
});

test('of an attachment the name alone is left of a path, and no hash that is none', () => {
  const place = { storage_path: 'https://example.com/a', content_md5: '/etc/passwd', auth: {} };
  expect(attachmentOf({ filename: '../../etc/passwd', ...place })).toEqual({
    filename: 'passwd',
    storage_path: 'https://example.com/a',
    fetch_mode: 'http_url',
    auth: { method: 'none' },
  });
  expect(attachmentOf({ filename: 'a/..', storage_path: 'base64:eA==' })).toMatchObject({ filename: 'attachment' });
});
