// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import type { OldKey } from './old-keys.ts';
import { type SourceRow, textOf, timeOf } from './source-values.ts';

export interface KeyParts extends Pick<ImportParts, 'findings' | 'clock'> {
  /** Keep a key of the tenant; false where it is kept already. */
  readonly adoptKey: (key: OldKey) => Promise<boolean>;
}

const SHA256 = /^[0-9a-f]{64}$/i;

/** Take the key of a tenant, of which the original kept the hash. */
export async function takeKey(
  { adoptKey, findings, clock }: KeyParts,
  row: SourceRow,
  tenantId: string,
): Promise<void> {
  const hash = textOf(row, 'api_key_hash');
  if (hash === null) return;
  if (!SHA256.test(hash)) {
    findings.notTaken('api_keys', tenantId, 'what is stored is no SHA-256: make the tenant a new key');
    return;
  }
  const said = textOf(row, 'api_key_expires_at');
  const expiresAt = timeOf(row, 'api_key_expires_at');
  if (said !== null && expiresAt === null) {
    findings.notTaken('api_keys', tenantId, 'its end cannot be read: make the tenant a new key');
    return;
  }
  if (expiresAt !== null && expiresAt <= clock.now()) {
    findings.notTaken('api_keys', tenantId, 'it has expired');
    return;
  }
  if (await adoptKey({ tenantId, hash: hash.toLowerCase(), expiresAt })) findings.taken('api_keys');
  else findings.alreadyHere('api_keys');
}
