// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { toFileFailure } from './file-failure.ts';

const failed = (code: string) => toFileFailure(Object.assign(new Error('/srv/x'), { errno: -1, code }));

// Of those that root, or a disk that works, never meets.
test.each([
  ['EACCES', 'no_access', 'it may not be read: EACCES'],
  ['EPERM', 'no_access', 'it may not be read: EPERM'],
  ['EIO', 'unavailable', 'it cannot be read: EIO'],
  ['ESTALE', 'unavailable', 'it cannot be read: ESTALE'],
  ['EMFILE', 'unavailable', 'it cannot be read: EMFILE'],
])('%s is %s, for now', (errno, code, reason) => {
  expect(failed(errno)).toMatchObject({ code, reason, permanence: 'temporary' });
});

test('a bug is none of a file', () => {
  const bug = new TypeError('bug');
  expect(toFileFailure(bug)).toBe(bug);
});
