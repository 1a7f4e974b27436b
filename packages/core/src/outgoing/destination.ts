// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isIP } from 'node:net';
import { MailProxyError } from '../errors.ts';
import type { OutgoingPolicy, ResolvedAddress } from './outgoing-http.types.ts';
import { type SpecialAddress, specialAddress } from './special-address.ts';

/** A policy in the form in which hosts are compared with it. */
export interface DestinationRules {
  readonly allowPrivateNetworks: boolean;
  readonly allowedHosts: ReadonlySet<string>;
}

/** Names that mean a special address wherever they are asked for (RFC 6761 §6.3), or inside of a cloud. */
const SPECIAL_NAMES: readonly (SpecialAddress & { readonly pattern: RegExp })[] = [
  { pattern: /^(.+\.)?localhost$/, words: 'a name of this machine', isPrivate: true },
  { pattern: /^metadata\.google\.internal$/, words: 'the name of a metadata service', isPrivate: false },
];

export function destinationRules({
  allowPrivateNetworks = false,
  allowedHosts = [],
}: OutgoingPolicy): DestinationRules {
  return { allowPrivateNetworks, allowedHosts: new Set(allowedHosts.map(canonicalHost)) };
}

/**
 * Read a URL that may be asked for, as far as that can be said before its name is resolved. `new URL` has brought the
 * other ways to write an address (decimal, octal, short) into the usual one.
 *
 * @throws {MailProxyError} `address_not_allowed`
 */
export function parseDestination(text: string, rules: DestinationRules, base?: URL): URL {
  // Parsers disagree on where the host ends, or drop what stands there: nobody who means well writes these.
  if (/[\\\p{Cc}]/u.test(text)) throw notAllowed('a URL must hold neither backslashes nor control characters');
  const url = URL.parse(text, base?.href);
  if (url === null) throw notAllowed('this is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw notAllowed(`${url.protocol.slice(0, -1)} is neither http nor https`);
  }
  if (url.username !== '' || url.password !== '') throw notAllowed('a URL must not hold credentials');
  checkHost(url.hostname, rules);
  return url;
}

/**
 * Check a host as far as that can be said before it is resolved.
 *
 * @throws {MailProxyError} `address_not_allowed`
 */
export function checkHost(text: string, rules: DestinationRules): void {
  const host = canonicalHost(text);
  if (isIP(host) !== 0) checkAddresses(host, [host], rules);
  else checkName(host, rules);
}

/**
 * Check what a host resolved to. All of it has to be allowed: an answer that mixes public and private addresses is
 * either a mistake or a trick.
 *
 * @throws {MailProxyError} `address_not_allowed`
 */
export function checkResolved(host: string, resolved: readonly ResolvedAddress[], rules: DestinationRules): void {
  const name = canonicalHost(host);
  checkAddresses(
    name,
    resolved.map(({ address }) => address),
    rules,
  );
}

function checkAddresses(host: string, addresses: readonly string[], rules: DestinationRules): void {
  if (rules.allowedHosts.has(host)) return;
  for (const address of addresses) {
    const found = specialAddress(address);
    if (found === null || (found.isPrivate && rules.allowPrivateNetworks)) continue;
    if (rules.allowedHosts.has(canonicalHost(address))) continue;
    throw refusal(address === host ? host : `${host} resolves to ${address}, which`, found);
  }
}

function checkName(host: string, { allowPrivateNetworks, allowedHosts }: DestinationRules): void {
  const found = SPECIAL_NAMES.find(({ pattern }) => pattern.test(host));
  if (found === undefined || (found.isPrivate && allowPrivateNetworks) || allowedHosts.has(host)) return;
  throw refusal(host, found);
}

/** Without brackets and the root's dot, in lower case, an address in its shortest form. */
function canonicalHost(host: string): string {
  const bare = host.trim().replace(/^\[(.*)\]$/, '$1');
  const hostname = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}`)?.hostname ?? bare.toLowerCase();
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function refusal(subject: string, { words, isPrivate }: SpecialAddress): MailProxyError {
  const names = isPrivate
    ? 'outgoing.allowedHosts (GMP_OUTGOING_ALLOWED_HOSTS) or outgoing.allowPrivateNetworks (GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS)'
    : 'outgoing.allowedHosts (GMP_OUTGOING_ALLOWED_HOSTS)';
  return notAllowed(`${subject} is ${words}; allow it with ${names}`);
}

function notAllowed(detail: string): MailProxyError {
  return new MailProxyError('address_not_allowed', { detail });
}
