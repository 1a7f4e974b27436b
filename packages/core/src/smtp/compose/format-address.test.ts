// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseMailAddress } from './address-list.ts';
import { formatAddress } from './format-address.ts';

test.each([
  'ann@example.org',
  'Ann Doe <ann@example.org>',
  'Jürgen Ölmühle <j@example.org>',
  '"Doe, Ann" <ann@example.org>',
  '"Ann \\"the\\\\an\\" Doe" <ann@example.org>',
  'Team: a@example.org, Bob <b@example.org>;',
  'undisclosed-recipients: ;',
])('%s is written as it was read', (text) => {
  const read = parseMailAddress(text);
  expect(read.ok && formatAddress(read.address)).toBe(text);
});
