// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseStorageUrl } from './storage-url.ts';

test.each([
  ['s3://mail-attachments/large-files', { kind: 's3', bucket: 'mail-attachments', prefix: 'large-files' }],
  ['s3://mail-attachments', { kind: 's3', bucket: 'mail-attachments', prefix: '' }],
  ['gs://bucket/a/b/', { kind: 'gcs', bucket: 'bucket', prefix: 'a/b' }],
  ['az://container/', { kind: 'azure', bucket: 'container', prefix: '' }],
  ['file:///srv/large%20files', { kind: 'file', folder: '/srv/large files' }],
  ['bucket:2026/a:b', { kind: 'named', name: 'bucket', prefix: '2026/a:b' }],
  ['bucket:', { kind: 'named', name: 'bucket', prefix: '' }],
  ['s3:prefix', { kind: 'named', name: 's3', prefix: 'prefix' }],
])('%s is a place', (url, place) => {
  expect(parseStorageUrl(url)).toEqual(place);
});

test.each([
  ...[
    '',
    'nothing',
    ':x',
    'http://x/y',
    's3://',
    's3:///key',
    's3://b/../c',
    's3://b/a\0',
    's3://b/a\\..\\c',
    's3://a..b',
  ],
  ...['gs://a b', 'gs://user@host/x', 'az://x?y', 'x:../y', 'x:a/./b', 'x:a\nb', 'x://y', `x:${'y'.repeat(401)}`],
  ...[
    'file:/x',
    'file://host/x',
    'file:///a/../b',
    'file:///a/%2e%2E/b',
    'file:///a/.',
    'file:///a%2fb',
    'file:///a?b',
  ],
  ...['file:///a%', 'file:///a%00', 'FILE:///a\\b'],
])('%j is none', (url) => {
  expect(parseStorageUrl(url)).toEqual({ problem: expect.any(String) });
});
