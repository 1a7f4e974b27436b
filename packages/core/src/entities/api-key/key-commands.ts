// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import { MailProxyError } from '../../errors.ts';
import type { MakePk } from '../../identity.ts';
import type { Principal } from '../../operations/principal.ts';
import { type ApiKey, type KeyKind, UNLIMITED } from './api-key.model.ts';
import type { KeySettings } from './api-key.schema.ts';
import type { ApiKeyStore, DraftedApiKey, KeyOwner } from './api-key.store.ts';
import { expectNoMore, inherited, withSettings } from './key-changes.ts';

/** What the operations on keys use. */
export interface ApiKeyServices {
  readonly apiKeys: ApiKeyStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
}

/** Who does it, and whose key it is. */
export interface KeyCommand {
  readonly principal: Principal;
  readonly owner: KeyOwner;
}

/** Make a key that has no more than its maker. */
export async function createKey(
  { apiKeys, clock, makePk }: ApiKeyServices,
  { principal, owner }: KeyCommand,
  { kind, mode, ...given }: KeySettings & { readonly kind: KeyKind; readonly mode: 'live' | 'test' },
): Promise<DraftedApiKey> {
  const now = clock.now();
  const { label, expires_at, ...limits } = withSettings(
    { ...UNLIMITED, ...inherited(principal), label: '', mode },
    given,
    now,
  );
  expectNoMore(principal, { ...limits, expires_at });
  return apiKeys.create({ ...owner, kind, label, limits, expiresAt: expires_at, pk: makePk(), now });
}

/** Change what is said of a key. */
export async function updateKey(
  { apiKeys, clock }: ApiKeyServices,
  { principal, owner }: KeyCommand,
  { id, ...given }: Partial<KeySettings> & { readonly id: string },
): Promise<ApiKey> {
  const key = await usable(apiKeys, owner, { id, now: clock.now() });
  const state = withSettings(key, given, clock.now());
  expectNoMore(principal, key, state);
  return apiKeys.update(owner, { ...key, ...state });
}

/** Put a new key in the place of one that goes on for a while. */
export async function rotateKey(
  { apiKeys, clock, makePk }: ApiKeyServices,
  { principal, owner }: KeyCommand,
  { id, overlapMs }: { readonly id: string; readonly overlapMs: number },
): Promise<{ readonly drafted: DraftedApiKey; readonly old: ApiKey }> {
  const now = clock.now();
  const key = await usable(apiKeys, owner, { id, now });
  expectNoMore(principal, key);
  const { kind, label, mode, scopes, senders, ip_ranges, rate_per_minute, expires_at: expiresAt } = key;
  const old = { ...key, expires_at: Math.min(now + overlapMs, expiresAt ?? Number.POSITIVE_INFINITY) };
  const limits = { mode, scopes, senders, ip_ranges, rate_per_minute };
  const drafted = await apiKeys.replace(owner, old, { ...owner, kind, label, limits, expiresAt, pk: makePk(), now });
  return { drafted, old };
}

/** A key that has ended stays ended. */
async function usable(
  apiKeys: ApiKeyStore,
  owner: KeyOwner,
  { id, now }: { readonly id: string; readonly now: number },
): Promise<ApiKey> {
  const key = await apiKeys.get(owner, id);
  const hasEnded = key.revoked_at !== null || (key.expires_at !== null && key.expires_at <= now);
  if (hasEnded) throw new MailProxyError('conflict', { detail: 'the key was revoked or has expired' });
  return key;
}
