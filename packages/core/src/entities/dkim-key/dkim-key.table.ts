// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';

/** A key with which mail of a domain is signed (RFC 6376, RFC 8463). */
export interface DkimKeysTable {
  readonly pk: string;
  readonly tenant_id: string;
  /** Null: for all accounts of the tenant. */
  readonly account_pk: string | null;
  /** Of the From address; lower case, A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  /** PEM. */
  readonly private_key: Sealed;
  /** Base64 for the `p=` of the DNS record. */
  readonly public_key: string;
  readonly created_at: number;
}
