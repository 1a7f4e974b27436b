// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { WEBHOOK_VECTORS } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { isSigned } from './verify-webhook.ts';

test.each(WEBHOOK_VECTORS)(
  '$name',
  ({ secret, id, timestamp, payload, signature, now = Number(timestamp), isValid }) => {
    const headers = { id: id ?? undefined, timestamp: String(timestamp), signature };
    expect(isSigned([secret], headers, { body: Buffer.from(payload), now })).toBe(isValid);
  },
);
