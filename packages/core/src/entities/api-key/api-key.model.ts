// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parseIpRanges } from '../../config/ip-ranges.ts';
import type { KeyLimits } from '../../operations/key-limits.ts';
import type { Principal } from '../../operations/principal.ts';
import type { ScopeGrant } from '../../operations/scopes.ts';
import type { ApiKeysTable } from './api-key.table.ts';

/** Who a key makes its holder. */
export type KeyKind = 'tenant' | 'admin' | 'metrics';

/** The limits that are kept as JSON, as they were given. Null is no limit. */
export interface StoredLimits {
  readonly mode: 'live' | 'test';
  readonly scopes: readonly ScopeGrant[] | null;
  readonly senders: readonly string[] | null;
  readonly ip_ranges: readonly string[] | null;
  readonly rate_per_minute: number | null;
}

export const UNLIMITED: StoredLimits = {
  mode: 'live',
  scopes: null,
  senders: null,
  ip_ranges: null,
  rate_per_minute: null,
};

/** A key as it may be shown. */
export interface ApiKey extends StoredLimits {
  readonly id: string;
  /** Null for tokens of the operator. */
  readonly tenant_id: string | null;
  readonly kind: KeyKind;
  readonly label: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
  readonly version: number;
}

const LIMITED = 'limited ';

/** The columns that hold what a key is for and what limits it. */
export function limitColumns(
  kind: KeyKind,
  limits: StoredLimits,
): { readonly scopes: string; readonly limits: string | null } {
  const { mode, scopes, senders, ip_ranges, rate_per_minute } = limits;
  const isFree = mode === 'live' && [scopes, senders, ip_ranges, rate_per_minute].every((limit) => limit === null);
  if (isFree) return { scopes: kind, limits: null };
  return {
    scopes: `${LIMITED}${kind}`,
    limits: JSON.stringify({ mode, scopes, senders, ip_ranges, rate_per_minute } satisfies StoredLimits),
  };
}

/** Null for a row that makes no sense: such a key opens nothing. */
export function keyOf({ hash: _, scopes: stored, limits, ...row }: ApiKeysTable): ApiKey | null {
  const isLimited = stored.startsWith(LIMITED);
  const kind = isLimited ? stored.slice(LIMITED.length) : stored;
  if (isLimited !== (limits !== null)) return null;
  if (kind !== 'tenant' && kind !== 'admin' && kind !== 'metrics') return null;
  if ((kind === 'tenant') !== (row.tenant_id !== null)) return null;
  // Written by this store from the same type.
  return { ...row, kind, ...(limits === null ? UNLIMITED : (JSON.parse(limits) as StoredLimits)) };
}

/** In the form in which limits are held against what is done. */
export function keyLimits(key: StoredLimits & Pick<ApiKey, 'expires_at'>): KeyLimits {
  return {
    mode: key.mode,
    scopes: key.scopes,
    senders: key.senders,
    ipRanges: key.ip_ranges === null ? null : parseIpRanges(key.ip_ranges),
    ratePerMinute: key.rate_per_minute,
    expiresAt: key.expires_at,
  };
}

/** What its holder is. */
export function principalOf(key: ApiKey, limits: KeyLimits): Principal {
  const name = `key ${key.id}`;
  if (key.kind === 'metrics') return { kind: 'metrics', name };
  if (key.tenant_id === null) return { kind: 'admin', name, limits };
  return { kind: 'tenant', name, tenantId: key.tenant_id, limits };
}
