// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { UnverifiedPolicy } from '../receipts.table.ts';
import type { TrustAnchors } from '../signature/signature.types.ts';
import { mergeAnchors, parseTrustAnchors } from '../signature/trust-anchors.ts';
import { DEFAULT_SETTINGS, type PecSettingsStore } from './settings.store.ts';

/** Whom receipts of a tenant's mail are believed, and what becomes of others. */
export interface Trust {
  readonly anchors: TrustAnchors;
  readonly unverified: UnverifiedPolicy;
}

/** Of a tenant; null is the operator's own. */
export type TrustOf = (tenantId: string | null) => Promise<Trust>;

/** Of PEM: some 1,000 certificates, of which each takes many times its size once it is read. */
const MAX_KEPT_CHARACTERS = 3_000_000;

/** Those of the instance and of the tenant; parsed once for as long as they stay what they are. */
export function createTrustOf(settings: Pick<PecSettingsStore, 'get'>, ofInstance: TrustAnchors): TrustOf {
  const parsed = new Map<string, TrustAnchors>();
  let characters = 0;
  const withOwn = (pem: string): TrustAnchors => {
    const known = parsed.get(pem);
    if (known !== undefined) return known;
    const anchors = mergeAnchors(ofInstance, parseTrustAnchors(pem));
    if (characters + pem.length > MAX_KEPT_CHARACTERS) {
      parsed.clear();
      characters = 0;
    }
    parsed.set(pem, anchors);
    characters += pem.length;
    return anchors;
  };
  return async (tenantId) => {
    const { trustAnchors, unverifiedReceipts } = tenantId === null ? DEFAULT_SETTINGS : await settings.get(tenantId);
    const anchors = trustAnchors === null ? ofInstance : withOwn(trustAnchors);
    return { anchors, unverified: unverifiedReceipts ?? (anchors.count > 0 ? 'refuse' : 'report') };
  };
}
