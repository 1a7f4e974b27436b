// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { checkRoot, rootsOf } from './attachment-roots.ts';

test('a placeholder makes of one folder one for each tenant', () => {
  const roots = ['/srv/{tenant}/files', '/data/of-{tenant}/', '/shared//all'];
  expect(rootsOf(roots, 'acme_1-A')).toEqual(['/srv/acme_1-A/files', '/data/of-acme_1-A/', '/shared/all']);
});

test.each(['..', '.', 'a/b', '', 'a\0', 'a.b', '{tenant}'])('%j is no tenant id', (tenantId) => {
  expect(() => rootsOf(['/srv/{tenant}'], tenantId)).toThrow(TypeError);
});

test.each([
  ['/srv/files', null],
  ['/srv/{tenant}', null],
  ['/', null],
  ['srv/files', 'expected an absolute path'],
  ['', 'expected an absolute path'],
  ['/srv/\0', 'expected an absolute path'],
  ['/srv/{tenant}/../x', 'expected a path without .. in it'],
  ['/srv/{tenant_id}', 'expected no braces but those of {tenant}'],
  ['/srv/{Tenant}', 'expected no braces but those of {tenant}'],
])('of the folder %j is said: %s', (root, message) => {
  expect(checkRoot(root)).toBe(message);
});
