// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Standard or URL-safe alphabet, line breaks allowed, padding optional. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Decode base64 strictly; null for what is none. */
export function decodeBase64(text: string): Uint8Array | null {
  const encoded = text.replace(/[\r\n\t ]/g, '');
  // A rest of one character holds six bits, which is no byte.
  if (!BASE64.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1) return null;
  return Buffer.from(encoded, 'base64');
}
