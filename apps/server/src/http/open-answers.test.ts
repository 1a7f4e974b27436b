// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { OpenAnswers } from './open-answers.ts';

test('addresses of one network of IPv6 have their places together, those of IPv4 each their own', () => {
  const open = new OpenAnswers({ maxOpen: 10, maxOpenPerClient: 1 });
  const held = open.take('2001:db8:1:2::1');
  expect(() => open.take('2001:db8:1:2:ffff::9')).toThrow('your address has as many open as it may');
  for (const other of ['2001:db8:1:3::1', '192.0.2.1', '192.0.2.2']) open.take(other);
  held[Symbol.dispose]();
  open.take('2001:db8:1:2:ffff::9');
});
