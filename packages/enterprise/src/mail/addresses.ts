// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** RFC 5321 §4.5.3.1: 64 + 1 + 255. */
const MAX_ADDRESS_CHARACTERS = 320;

/**
 * An address in running text. The local part may be quoted; international ones are taken too (RFC 6531). No control
 * characters, of which PostgreSQL stores no NUL. The bounds keep the search linear.
 */
export const ADDRESS_SOURCE =
  '(?:"[^"\\s@\\p{Cc}]{1,62}"|[^\\s\\p{Cc}<>()\\[\\]\\\\,;:@"\'`|]{1,64}|[^\\s\\p{Cc}<>()\\[\\]\\\\,;:@"`|]{1,64})@[\\p{L}\\p{N}](?:[\\p{L}\\p{N}._-]{0,252}[\\p{L}\\p{N}])?';

const ANY_ADDRESS = new RegExp(ADDRESS_SOURCE, 'gu');
const WHOLE_ADDRESS = new RegExp(`^${ADDRESS_SOURCE}$`, 'u');

/** Find the addresses of a text, each once, in their order, at most `limit`. */
export function addressesIn(text: string, limit = 50): string[] {
  const found = new Map<string, string>();
  for (const [match] of text.matchAll(ANY_ADDRESS)) {
    const address = cleanAddress(match);
    if (address === null || found.has(address.toLowerCase())) continue;
    found.set(address.toLowerCase(), address);
    if (found.size === limit) break;
  }
  return [...found.values()];
}

/**
 * Make an address of what stands where one is expected: without brackets, quotes, a comment, `rfc822;` and the like. Null
 * where none comes out.
 */
export function cleanAddress(text: string): string | null {
  const bare = text
    .slice(0, 1_000)
    .replace(/^\s*[\w-]{1,20}\s*;\s*/, '')
    .replace(/^\s*(?:mailto:|smtp:)/i, '')
    .replace(/^[\s<"'(]+|[\s>"'),.:;]+$/g, '');
  if (bare.length <= MAX_ADDRESS_CHARACTERS && WHOLE_ADDRESS.test(bare)) return bare;
  const quoted = /^[^"]{0,3}("[^"\p{Cc}]{1,64}"@[^\s\p{Cc}<>"]{1,255})/u.exec(
    text.replace(/^\s*[\w-]{1,20}\s*;\s*/, ''),
  )?.[1];
  if (quoted !== undefined) return quoted.replace(/[.,;:]+$/, '');
  return null;
}

/** Hosts answer in their own name; nobody writes to these on purpose. */
export function isDaemon(address: string): boolean {
  return /^(?:mailer-?daemon|post-?_?master|mail-?daemon|mailerdaemon|mdaemon|nobody|double-?bounce)@/i.test(address);
}
