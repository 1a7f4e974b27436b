// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { createCa } from '../../../test/pec-certificates.case.ts';
import { parseTrustAnchors } from '../signature/trust-anchors.ts';
import { DEFAULT_SETTINGS, type PecSettings } from './settings.store.ts';
import { createTrustOf } from './trusted.ts';

const [instance, own] = [createCa(), createCa()];
/** Of a tenant's id, what it has set. */
const trustWith = (settingsOf: (tenantId: string) => Partial<PecSettings>, pem = instance.pem) =>
  createTrustOf(
    { get: async (tenantId) => ({ ...DEFAULT_SETTINGS, ...settingsOf(tenantId) }) },
    parseTrustAnchors(pem),
  );

test.each([
  ['', null, null, 0, 'report'],
  ['', own.pem, null, 1, 'refuse'],
  [instance.pem, null, null, 1, 'refuse'],
  [instance.pem, own.pem, null, 2, 'refuse'],
  [instance.pem, instance.pem, null, 1, 'refuse'],
  ['', null, 'refuse', 0, 'refuse'],
  [instance.pem, own.pem, 'report', 2, 'report'],
] as const)(
  'anchors of both are trusted, and by default what they do not prove is refused: case %#',
  async (...given) => {
    const [ofInstance, trustAnchors, unverifiedReceipts, count, unverified] = given;
    const trust = await trustWith(() => ({ trustAnchors, unverifiedReceipts }), ofInstance)('acme');
    expect({ count: trust.anchors.count, unverified: trust.unverified }).toEqual({ count, unverified });
  },
);

test("the operator's receipts are held against the instance's anchors alone", async () => {
  const trustOf = trustWith(() => ({ trustAnchors: own.pem, unverifiedReceipts: 'report' }));
  expect(await trustOf(null)).toMatchObject({ anchors: { count: 1 }, unverified: 'refuse' });
});

test('anchors are read once, and the memory that they take is bounded', async () => {
  const room = 'x'.repeat(400_000);
  const trustOf = trustWith((tenantId) => ({
    trustAnchors: tenantId === 'acme' ? own.pem : `${own.pem}${tenantId} ${room}`,
  }));
  const { anchors } = await trustOf('acme');
  expect((await trustOf('acme')).anchors).toBe(anchors);
  for (let nth = 0; nth < 8; nth++) await trustOf(`tenant-${nth}`);
  expect((await trustOf('acme')).anchors).not.toBe(anchors);
});
