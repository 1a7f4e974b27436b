// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isIP, SocketAddress } from 'node:net';
import { canonicalAddress, type IpRange, isInRanges } from '@mail-proxy/core';
import { forwardedFor } from './forwarded.ts';

/**
 * In which header the trusted proxies write where a request came from. Only one is read: a proxy that writes the one passes
 * on what a client wrote into the other.
 */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

export interface TrustedProxies {
  readonly ranges: readonly IpRange[];
  readonly header: ProxyHeader;
}

export const NO_PROXIES: TrustedProxies = { ranges: [], header: 'x-forwarded-for' };

/**
 * Tell where a client is. The connection says who sent the request; a trusted proxy says from whom it has it, and so on
 * for as long as the one that was named is a trusted proxy too. What others write is theirs to make up.
 *
 * @param peer - the other end of the connection
 */
export function clientAddress(
  peer: string | undefined,
  headers: Pick<Headers, 'get'>,
  { ranges, header }: TrustedProxies,
): string | undefined {
  if (peer === undefined) return undefined;
  let address = canonicalAddress(peer) ?? peer;
  if (!isInRanges(address, ranges)) return address;
  for (const hop of hopsOf(headers.get(header), header).toReversed()) {
    const named = addressOf(hop);
    // Something else stands there, as `unknown`: nobody knows better than the last one who was trusted.
    if (named === null) return address;
    address = named;
    if (!isInRanges(address, ranges)) return address;
  }
  return address;
}

/** From the client to the last proxy but one. */
function hopsOf(value: string | null, header: ProxyHeader): readonly string[] {
  if (value === null) return [];
  return header === 'forwarded' ? forwardedFor(value) : value.split(',').map((hop) => hop.trim());
}

/** An address alone, in brackets, or with a port. */
function addressOf(hop: string): string | null {
  const bare = hop.replace(/^\[([^\]]*)\]$/, '$1');
  return canonicalAddress(isIP(bare) === 0 ? (SocketAddress.parse(hop)?.address ?? '') : bare);
}
