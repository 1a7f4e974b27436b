// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('eventually gives what the first try without a failure gave', async () => {
  let tries = 0;
  const seen = await eventually(
    () => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return tries > 2 && `seen at ${tries}`;
    },
    { intervalMs: 0 },
  );
  expect(seen).toBe('seen at 3');
});

test('eventually throws the last failure when the time is over', async () => {
  const never = () => Promise.reject(new Error('still closed'));
  await expect(eventually(never, { timeoutMs: 0 })).rejects.toThrow('still closed');
  await expect(eventually(() => false, { timeoutMs: 0 })).rejects.toThrow('not true within 0 ms');
});
