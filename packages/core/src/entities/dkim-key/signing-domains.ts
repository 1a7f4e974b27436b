// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** How many domains one look-up asks for: a statement has a fixed number of parameters, and names are hardly ever deeper. */
export const MAX_SIGNING_DOMAINS = 8;

/**
 * The domains whose keys may sign for an author's domain, the closest first: itself and its parents, which are aligned
 * with it (RFC 7489 §3.1.1), but no top-level domain. Of a deep name those in the middle are left out.
 */
export function signingDomains(domain: string): readonly string[] {
  const labels = domain.toLowerCase().split('.');
  const parents = labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join('.'));
  return [labels.join('.'), ...parents.slice(-(MAX_SIGNING_DOMAINS - 1))];
}
