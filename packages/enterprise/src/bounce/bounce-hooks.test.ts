// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { bounceHooks } from './bounce-hooks.ts';

const message = { messagePk: 'pk', id: 'id', tenantId: 'acme', accountPk: 'account', attempt: 1 };
const envelope = { from: 'a@example.com', to: ['b@example.org'] };
const paths = { make: () => 'back@example.com', makeEnvelopeId: (messagePk: string) => `of-${messagePk}` };
const wanted = { returnPathDomain: null, returnPathPrefix: 'b', perRecipient: false, trustUnsignedIds: false };

test('what is known of a tenant is answered at once, and else waited for', async () => {
  expect(bounceHooks({ recent: () => wanted }, paths).enveloping?.(message, envelope)).toEqual({ envelopeId: 'of-pk' });
  expect(bounceHooks({ recent: () => null }, paths).enveloping?.(message, envelope)).toBe(null);
  const late = bounceHooks({ recent: async () => wanted }, paths).enveloping?.(message, envelope);
  expect(late).toBeInstanceOf(Promise);
  expect(await late).toEqual({ envelopeId: 'of-pk' });
});
