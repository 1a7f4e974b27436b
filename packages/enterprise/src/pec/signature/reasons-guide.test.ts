// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { UNVERIFIED_REASONS } from './signature.types.ts';

const GUIDE = new URL('../../../../../docs/guide/pec.md', import.meta.url);

test('the guide says of each reason what is wrong', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  const [, table = ''] = guide.split('| reason | what is wrong |');
  const told = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason);
  expect(told).toEqual([...UNVERIFIED_REASONS]);
});
