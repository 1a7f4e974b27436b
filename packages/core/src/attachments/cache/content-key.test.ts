// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { contentKey, readContentHash } from './content-key.ts';

const MD5 = '0123456789abcdef0123456789abcdef';

test('a hash is taken in either case, and becomes lower case', () => {
  expect(readContentHash({ algorithm: 'md5', hex: MD5.toUpperCase() })).toEqual({ algorithm: 'md5', hex: MD5 });
  expect(readContentHash({ algorithm: 'sha256', hex: MD5 + MD5 })).toEqual({ algorithm: 'sha256', hex: MD5 + MD5 });
});

test.each([
  ['a path', '../../etc/passwd'],
  ['a path of the right length', `../../../../${'a'.repeat(20)}`],
  ['nothing', ''],
  ['a megabyte', 'a'.repeat(1_048_576)],
  ['a digit too few', MD5.slice(1)],
  ['the hash of another algorithm', MD5 + MD5],
  ['a line end behind it', `${MD5.slice(1)}\n`],
  ['a NUL in it', `${MD5.slice(1)}\0`],
  ['digits that are none', `${MD5.slice(1)}g`],
])('%s is no hash', (_what, hex) => {
  expect(readContentHash({ algorithm: 'md5', hex })).toBeNull();
});

test('an algorithm that is unknown has no hashes', () => {
  for (const algorithm of ['sha1', '__proto__', 'constructor', '']) {
    // What comes from outside may be untyped.
    const hash = { algorithm: algorithm as 'md5', hex: MD5 };
    expect(readContentHash(hash)).toBeNull();
  }
});

test('tenants, algorithms and hashes never make the key of others', () => {
  const keys = [
    contentKey('a', { algorithm: 'md5', hex: MD5 }),
    contentKey('a', { algorithm: 'sha256', hex: MD5 }),
    contentKey('b', { algorithm: 'md5', hex: MD5 }),
    contentKey('', { algorithm: 'md5', hex: MD5 }),
    contentKey(`a","md5`, { algorithm: 'md5', hex: MD5 }),
    contentKey('a\0', { algorithm: 'md5', hex: MD5 }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
