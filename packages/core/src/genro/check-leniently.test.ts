// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { checkLeniently } from './check-leniently.ts';

const SAID = { from: 'a@example.com', to: ['b@example.org'], subject: 'Hi', body: 'x' };
const check = (more: object) => checkLeniently({ ...SAID, ...more }, { isStorage: () => false, now: 0 });

test('what may not stand in a mail is left out, and said', () => {
  const result = check({
    headers: { From: 'else@example.com', 'X-Good': 'yes', 'X/~Bad': 'a\r\nb' },
    reply_to: ['c@example.org', 'nobody'],
    message_id: '<no brackets>',
    return_path: 'nobody',
    attachments: [{ filename: 'a.txt', storage_path: 'base64:eA==', mime_type: 'text', auth: { method: 'none' } }],
  });
  expect(result).toMatchObject({
    ok: true,
    checked: {
      content: { headers: [['X-Good', 'yes']], replyTo: [], returnPath: 'a@example.com' },
      messageId: null,
      attachments: [{ filename: 'a.txt', mime_type: 'text/plain', auth: null }],
    },
  });
  const without = result.ok ? result.without.map((each) => each.slice(0, each.indexOf(':'))) : [];
  expect(without.toSorted()).toEqual([
    'attachments/auth',
    'attachments/mime_type',
    'headers/From',
    'headers/X~1~0Bad',
    'message_id',
    'reply_to',
    'return_path',
  ]);
});

test.for([
  ['sender', { from: 'nobody' }, '/from'],
  ['recipient', { to: [] }, '/to'],
  ['recipient that can be read', { to: ['nobody'] }, '/to/0'],
  ['text that is text', { body: 7 }, '/body'],
  ['bytes', { attachments: [{ filename: 'a.txt', storage_path: 'base64:%' }] }, '/attachments/0/storage_path'],
] as const)('a message without a %s cannot be sent', ([, more, pointer]) => {
  expect(check(more)).toMatchObject({ ok: false, reason: expect.stringContaining(`${pointer}: `) });
});

test('what is larger than new messages may be is taken, from wherever it comes', () => {
  const place = { filename: 'a.txt', storage_path: 'http://127.0.0.1/a' };
  expect(
    check({ to: Array.from({ length: 2_000 }, (_, at) => `b${at}@example.org`), attachments: [place] }),
  ).toMatchObject({
    ok: true,
    without: [],
  });
});
