// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Finding, findings } from './finding.ts';

/** A key with which mail is signed here. */
export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  readonly dns_name: string;
  readonly dns_value: string;
}

/** A domain that mail is from. */
export interface DomainToCheck {
  readonly domain: string;
  /** Those that sign its mail. */
  readonly keys: readonly SigningKey[];
  /** Hosts that its mail leaves by, with their addresses. */
  readonly relays: readonly { readonly host: string; readonly addresses: readonly string[] }[];
}

/** The heading of what is found out about a domain. */
export function aboutDomain(domain: string): string {
  return `domain ${domain}`;
}

/** Where the name server does not answer, nothing is known. */
export function unasked(check: string, what: string, domain: string): Finding {
  const advice = 'Check the network, or name a name server: --dns-server';
  return findings(check, aboutDomain(domain)).skipped(`${what}: the name server cannot be asked`, advice);
}
