// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A server that a storage path names beside its parameters. */
export interface NamedEndpoint {
  readonly url: string;
  readonly params: string;
}

/** An IPv6 address has brackets of its own, right behind the slashes. */
const NAMED = /^\[(https?:\/\/(?:\[[^\]]*\])?[^\]]*)\](.*)$/is;

/** Read `[https://host/path]params`; null for parameters alone. */
export function parseNamedEndpoint(storagePath: string): NamedEndpoint | null {
  const [, url, params] = NAMED.exec(storagePath) ?? [];
  return url === undefined || params === undefined ? null : { url, params };
}
