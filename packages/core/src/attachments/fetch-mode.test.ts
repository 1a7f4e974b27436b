// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { inferFetchMode } from './fetch-mode.ts';

const isStorage = (name: string): boolean => ['files', 'http', 'base64', 'C', '/files', ''].includes(name);

test.each([
  ['base64:aGVsbG8=', 'base64'],
  ['base64:', 'base64'],
  ['https://files.example/a.pdf', 'http_url'],
  ['http://files.example/a.pdf', 'http_url'],
  ['HTTPS://files.example/a.pdf', 'http_url'],
  ['/srv/files/a.pdf', 'filesystem'],
  ['/files:a.pdf', 'filesystem'],
  ['files:a/b.pdf', 'storage'],
  ['files:', 'storage'],
  ['files:a:b', 'storage'],
  ['C:\\a.pdf', 'storage'],
  // What looks like a URL and is none may be a path of a storage with that name.
  ['http:/a.pdf', 'storage'],
  ['other:a.pdf', 'endpoint'],
  ['Files:a.pdf', 'endpoint'],
  [':a.pdf', 'endpoint'],
  ['BASE64:aGVsbG8=', 'endpoint'],
  ['ftp://files.example/a.pdf', 'endpoint'],
  ['doc_id=123', 'endpoint'],
  ['a/b.pdf', 'endpoint'],
  ['../../etc/passwd', 'endpoint'],
  ['[https://files.example/]a.pdf', 'endpoint'],
  ['', 'endpoint'],
])('%s comes from %s', (storagePath, mode) => {
  expect(inferFetchMode(storagePath, isStorage)).toBe(mode);
});
