// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { isDeadReason, REPLY_REASONS } from '@mail-proxy/core';
import { expect, it } from 'vitest';

const GUIDE = new URL('../../../../../docs/guide/bounces.md', import.meta.url);

it('the guide names each reason class, in order, and whether it condemns an address', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  const rows = [...guide.matchAll(/^\| `([a-z_]+)` \| [^|]+ \| (yes|no) \|$/gm)].map(([, name, dead]) => [name, dead]);
  expect(rows).toEqual(REPLY_REASONS.map((reason) => [reason, isDeadReason(reason) ? 'yes' : 'no']));
});
