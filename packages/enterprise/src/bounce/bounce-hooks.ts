// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Enveloping, Hooks } from '@mail-proxy/core';
import type { ReturnPaths } from './return-path.ts';
import type { BounceSettings, BounceSettingsStore } from './settings.store.ts';

/** Has the bounces of a tenant's mail come to where they are read, and name their message. */
export function bounceHooks(
  settings: Pick<BounceSettingsStore, 'recent'>,
  paths: Pick<ReturnPaths, 'make' | 'makeEnvelopeId'>,
): Partial<Hooks> {
  const envelopeFor = (messagePk: string, wanted: BounceSettings | null): Enveloping | null => {
    if (wanted === null) return null;
    const envelopeId = paths.makeEnvelopeId(messagePk);
    const { returnPathDomain: domain, returnPathPrefix: prefix, perRecipient } = wanted;
    if (domain === null) return { envelopeId };
    const returnPath = perRecipient
      ? (recipient: string) => paths.make(messagePk, { domain, prefix }, recipient)
      : paths.make(messagePk, { domain, prefix }, null);
    return { envelopeId, returnPath };
  };
  return {
    enveloping({ tenantId, messagePk }, { from }) {
      // What has no return path wants to be told of nothing (RFC 5321 §4.5.5).
      if (from === '') return null;
      const wanted = settings.recent(tenantId);
      return wanted instanceof Promise
        ? wanted.then((read) => envelopeFor(messagePk, read))
        : envelopeFor(messagePk, wanted);
    },
  };
}
