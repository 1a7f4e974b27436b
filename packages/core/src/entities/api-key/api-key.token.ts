// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash, randomBytes } from 'node:crypto';
import type { KeyKind, StoredLimits } from './api-key.model.ts';

/** The id between the prefix and the secret finds the row; the secret is 32 bytes in base64url. */
const TOKEN = /^mp_(?:live|test|admin|metrics)_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;
const SECRET_BYTES = 32;

/** Make a token. Its prefix tells people, and programs that look for leaked secrets, what they have found. */
export function makeToken(kind: KeyKind, mode: StoredLimits['mode'], id: string): string {
  return `mp_${kind === 'tenant' ? mode : kind}_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** A token of genro-mail-proxy: 32 random bytes in base64url, and nothing that names a row. */
const BARE_TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** As many as other ids have. */
const ID_DIGITS = 32;

/**
 * The id of the key that a token would be of; null for what is no such token.
 *
 * @param hash - of the token
 */
export function keyIdOf(token: string, hash: Buffer = hashOf(token)): string | null {
  return TOKEN.exec(token)?.[1] ?? (BARE_TOKEN.test(token) ? adoptedIdOf(hash) : null);
}

/** The id of a key that was taken over and of which the hash alone is known: what its holder sends has to lead to it. */
export function adoptedIdOf(hash: Buffer): string {
  return hash.toString('hex').slice(0, ID_DIGITS);
}

/** By way of a text: to have the runtime make a buffer takes three times as long. */
export function hashOf(token: string): Buffer {
  return Buffer.from(hash('sha256', token, 'hex'), 'hex');
}
