// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** 96 bits, drawn at random: safe for 2^32 values under one key (NIST SP 800-38D, 8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes that a sealed value has more than a plain one. */
export const OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/** Encrypt with AES-256-GCM: nonce, ciphertext, tag. */
export function encrypt(key: KeyObject, plain: Uint8Array, bound: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypt what {@link encrypt} made.
 *
 * @returns null for what is too short to be that
 * @throws Error of Node when a bit of it, the key or `bound` is another
 */
export function decrypt(key: KeyObject, sealed: Uint8Array, bound: Uint8Array): Buffer | null {
  if (sealed.length < OVERHEAD_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound).setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  // Nothing is given away before the tag was found right.
  return Buffer.concat([plain, decipher.final()]);
}
