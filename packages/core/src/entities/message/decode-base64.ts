// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Standard or URL-safe alphabet, line breaks allowed, padding optional. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Decode base64 strictly; null for what is none. */
export function decodeBase64(text: string): Uint8Array | null {
  return decodePlain(text) ?? decodeBroken(text);
}

/** Without line breaks, as nearly all come, and in a quarter of the time; null for what may be wrong. */
function decodePlain(text: string): Uint8Array | null {
  const characters = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  // Of characters beyond ASCII the runtime would look at the lower byte, which may be a letter of the alphabet.
  if (characters % 4 === 1 || Buffer.byteLength(text) !== text.length) return null;
  const bytes = Buffer.from(text, 'base64');
  // It passes over what is not of the alphabet: any such character makes it give fewer bytes.
  return bytes.length === Math.floor((characters * 3) / 4) ? bytes : null;
}

function decodeBroken(text: string): Uint8Array | null {
  const encoded = text.replace(/[\r\n\t ]/g, '');
  // A rest of one character holds six bits, which is no byte.
  if (!BASE64.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1) return null;
  return Buffer.from(encoded, 'base64');
}
