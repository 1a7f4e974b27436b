// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { checkResolved, type DestinationRules } from './destination.ts';
import { outgoingFailed } from './outgoing-errors.ts';
import type { LookupAddresses, ResolvedAddress } from './outgoing-http.types.ts';

/** Bytes of an answer's headers, as Node's own servers take them. */
const MAX_HEADER_BYTES = 16_384;
/** A connection that is not taken goes on after its call was over; this ends it. */
const CONNECT_MS = 30_000;

/** Ask the operating system, as everything else on this machine does. */
export const systemLookup: LookupAddresses = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/**
 * Make an agent that connects only to what `rules` allow. The addresses that were checked are the ones that the socket
 * is given, so that nothing is resolved a second time; the name stays that of the URL, for TLS and Host. An address in
 * the URL itself is never looked up: check it before.
 */
export function createGuardedAgent(find: LookupAddresses, rules: DestinationRules): Agent {
  return new Agent({
    // The limits hold for HTTP/1.1.
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The whole call has one deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_MS, lookup: guardedLookup(find, rules) },
  });
}

/**
 * Resolve for a socket, which is given what was checked. Not asked for an address: that is to be checked before, as by
 * {@link checkHost}.
 */
export function guardedLookup(find: LookupAddresses, rules: DestinationRules): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveChecked(hostname, find, rules).then(
      ([first, ...others]) => {
        if (all) callback(null, [first, ...others]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

/** The addresses of a host, of which there is at least one. */
export type SomeAddresses = readonly [ResolvedAddress, ...ResolvedAddress[]];

/** @throws {MailProxyError} `outgoing_failed` where there is none; what `lookup` throws */
export async function resolve(host: string, lookup: LookupAddresses): Promise<SomeAddresses> {
  const [first, ...others] = await lookup(host);
  if (first === undefined) throw outgoingFailed('dns', `${host} has no address`);
  return [first, ...others];
}

/**
 * Resolve a host to which `rules` let one connect. Connect to what this returns, never to the name again.
 *
 * @throws {MailProxyError} `address_not_allowed`; as {@link resolve}
 */
export async function resolveChecked(
  host: string,
  lookup: LookupAddresses,
  rules: DestinationRules,
): Promise<SomeAddresses> {
  const found = await resolve(host, lookup);
  checkResolved(host, found, rules);
  return found;
}
