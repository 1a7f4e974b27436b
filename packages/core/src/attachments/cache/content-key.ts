// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ContentHash } from './content-cache.types.ts';

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['md5', 32],
  ['sha256', 64],
]);

/**
 * Bring a hash into the one form that keys and paths are made of; null for what is no hash. It may come from whoever
 * submits messages, so that anything may stand in it.
 */
export function readContentHash({ algorithm, hex }: ContentHash): ContentHash | null {
  if (hex.length !== HEX_DIGITS.get(algorithm) || !/^[0-9a-f]+$/i.test(hex)) return null;
  return { algorithm, hex: hex.toLowerCase() };
}

/**
 * Name a content of one tenant. A tenant's id may hold anything, and the JSON text keeps it from running into the hash.
 *
 * @param hash as {@link readContentHash} gave it
 */
export function contentKey(tenantId: string, { algorithm, hex }: ContentHash): string {
  return JSON.stringify([tenantId, algorithm, hex]);
}
