// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Addresses that begin with the same bits. */
export interface IpRange {
  readonly address: Address;
  readonly bits: number;
}

/** What one customer of a provider gets at least (RFC 6177 §2): whoever has one address of it has them all. */
const SITE_BITS = 64;
/** Of an IPv4 address in IPv6 (RFC 4291 §2.5.5.2): the bits before it. */
const MAPPED_BITS = 96;

/** Read `10.0.0.0/8`, `2001:db8::/32` or an address alone; null for anything else. */
export function parseIpRange(text: string): IpRange | null {
  const [host = '', mask, ...more] = text.split('/');
  const address = parseAddress(host);
  if (address === null || more.length > 0) return null;
  const most = isIP(host) === 4 ? 32 : 128;
  if (mask === undefined) return { address, bits: widthOf(address) };
  if (!/^\d{1,3}$/.test(mask) || Number(mask) > most) return null;
  const bits = most === 128 && address.kind() === 'ipv4' ? Number(mask) - MAPPED_BITS : Number(mask);
  return bits < 0 ? null : { address, bits };
}

export const ipRange = v.pipe(
  v.string('expected a range of addresses'),
  v.check(
    (text) => parseIpRange(text) !== null,
    'expected an address or a range of addresses, as 10.0.0.0/8 or 2001:db8::/32',
  ),
);

/** The ranges of texts that {@link ipRange} let through. */
export function parseIpRanges(texts: readonly string[]): readonly IpRange[] {
  return texts.map(parseIpRange).filter((range) => range !== null);
}

/** Whether one of the ranges holds the address; false for a text that is none. */
export function isInRanges(text: string, ranges: readonly IpRange[]): boolean {
  if (ranges.length === 0) return false;
  const address = parseAddress(text);
  return address !== null && ranges.some((range) => holds(range, { address, bits: widthOf(address) }));
}

/** Whether every address of `inner` is one of `outer`. */
export function holds(outer: IpRange, inner: IpRange): boolean {
  if (inner.bits < outer.bits) return false;
  return inner.address.kind() === outer.address.kind() && inner.address.match(outer.address, outer.bits);
}

/** The usual way to write an address, IPv4 in IPv6 as IPv4; null for a text that is none. */
export function canonicalAddress(text: string): string | null {
  // Nearly every one, of each request; what Node takes for IPv4 is written in the usual way.
  const plain = text.startsWith('::ffff:') ? text.slice(7) : text;
  if (isIPv4(plain)) return plain;
  return parseAddress(text)?.toString() ?? null;
}

/** What stands for all addresses that one client has: an IPv4 address, and of an IPv6 address its /64. */
export function siteOf(text: string): string {
  const address = parseAddress(text);
  if (address === null) return text;
  if (address.kind() === 'ipv4') return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${SITE_BITS}`).toString()}/${SITE_BITS}`;
}

function parseAddress(text: string): Address | null {
  // The zone names an interface of this machine.
  const plain = text.replace(/%.*$/s, '');
  // Stricter than the parser, which takes numbers and octal digits for IPv4.
  return isIP(plain) === 0 ? null : ipaddr.process(plain);
}

function widthOf(address: Address): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}
