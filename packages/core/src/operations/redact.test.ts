// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  'password',
  'client_auth',
  'config',
  'token',
  'api_key',
  'secret',
  'oauth',
  'access_token',
  'refresh_token',
  'client_secret',
  'tls_client_key',
  'private_key',
])('%s is a secret, at whatever depth and of whatever shape', (field) => {
  const input = { id: 'relay', [field]: 'swordfish', list: [{ inner: { [field]: { value: 'swordfish' } } }] };
  expect(redact(input)).toEqual({ id: 'relay', [field]: '[secret]', list: [{ inner: { [field]: '[secret]' } }] });
});

test('what a message says is not kept, who it is for and how it is sent are', () => {
  const message = { to: ['a@example.org'], subject: 'Hi', text: 'yo', headers: { 'X-A': '1' }, priority: 2 };
  expect(redact(message)).toEqual({
    to: ['a@example.org'],
    subject: '[content]',
    text: '[content]',
    headers: '[content]',
    priority: 2,
  });
});

test('a field that is absent or cleared is shown as that', () => {
  expect(redact({ password: null, oauth: undefined })).toEqual({ password: null, oauth: undefined });
});
