// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyLimits } from '../../operations/key-limits.ts';
import type { Principal } from '../../operations/principal.ts';
import type { ApiKey } from './api-key.model.ts';

/** A key of the database as authentication needs it. */
export interface KnownKey {
  readonly key: ApiKey;
  readonly limits: KeyLimits;
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** What a token turned out to be. */
export type Identified =
  /** Of nobody: also an id that exists with another secret. */
  { readonly kind: 'unknown' } | { readonly kind: 'valid' | 'expired' | 'revoked'; readonly known: KnownKey };
