// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseNamedEndpoint } from './named-endpoint.ts';

test.each([
  ['[https://files.example/get]doc=1', 'https://files.example/get', 'doc=1'],
  ['[http://127.0.0.1:8080]', 'http://127.0.0.1:8080', ''],
  ['[https://[2001:db8::1]:8443/get]a[0]]', 'https://[2001:db8::1]:8443/get', 'a[0]]'],
  ['[HTTPS://files.example][x]', 'HTTPS://files.example', '[x]'],
  ['[https://files.example/]two\nlines', 'https://files.example/', 'two\nlines'],
])('%j names a server', (storagePath, url, params) => {
  expect(parseNamedEndpoint(storagePath)).toEqual({ url, params });
});

test.each([
  'doc=1',
  '[ftp://files.example/]doc=1',
  '[files.example]doc=1',
  'x[https://files.example/]doc=1',
  '[https://files.example/doc=1',
  '[]',
])('%j is for the tenant to read', (storagePath) => {
  expect(parseNamedEndpoint(storagePath)).toBeNull();
});
