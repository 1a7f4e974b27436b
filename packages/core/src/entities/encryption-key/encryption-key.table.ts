// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';

/** A key that has sealed, or is about to. It goes when a rotation has found nothing under it any more. */
export interface EncryptionKeysTable {
  /** Id of the key; see secrets/key-text.ts. */
  readonly id: string;
  /** Milliseconds; null for one that was used before there was this table. */
  readonly first_used_at: number | null;
}

/** With what the contents of a tenant are named where they are sealed: their plain hash would tell what they are. */
export interface ContentKeysTable {
  readonly tenant_id: string;
  /** Base64 of 32 bytes for HMAC-SHA-256; the same for as long as the tenant is there. */
  readonly naming_key: Sealed;
}
