// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { checkMessageId, messageIdFor } from './message-id.ts';

test('the Message-ID of a message is made of its key and a domain, and passes its own check', () => {
  const id = messageIdFor('0198c0de-0000-7000-8000-000000000001', 'mail.example.com');
  expect(id).toBe('<0198c0de-0000-7000-8000-000000000001@mail.example.com>');
  expect(checkMessageId(id)).toBeNull();
});

test.each([
  '',
  'a@b',
  '<a@b',
  '<a>',
  '<a@b@c>',
  '<a b@c>',
  '<.a@b>',
  '<a@b>\r\nBcc: c@example.com',
  '<a\0@b>',
  '<é@b>',
  '<"a b"@c>',
  `<${'a'.repeat(250)}@b>`,
])('%j is no Message-ID', (value) => {
  expect(checkMessageId(value)).toEqual(expect.any(String));
});
