// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { BlockList, isIP } from 'node:net';

/** What an address is that no public server has. */
export interface SpecialAddress {
  /** With its article, as in "10.0.0.5 is a private address". */
  readonly words: string;
  /** Whether `allowPrivateNetworks` opens it; all others have to be allowed by name. */
  readonly isPrivate: boolean;
}

interface SpecialRange extends SpecialAddress {
  readonly networks: readonly string[];
}

/**
 * The first that matches decides. From the IANA registries of special-purpose addresses (RFC 6890), but for the
 * metadata services, which are in the documents of the clouds: they hand out credentials, so that a private network
 * that is allowed does not open them.
 */
const RANGES: readonly SpecialRange[] = [
  {
    words: 'the address of a metadata service',
    isPrivate: false,
    networks: [
      // EC2, GCP, Azure and others; ECS and EKS; Alibaba; Azure's host; Oracle.
      '169.254.169.254/32',
      '169.254.170.2/32',
      '169.254.170.23/32',
      '100.100.100.200/32',
      '168.63.129.16/32',
      '192.0.0.192/32',
      // EC2, EKS, GCP, Scaleway.
      'fd00:ec2::254/128',
      'fd00:ec2::23/128',
      'fd20:ce::254/128',
      'fd00:42::42/128',
    ],
  },
  { words: 'a loopback address', isPrivate: true, networks: ['127.0.0.0/8', '::1/128'] },
  {
    words: 'a private address',
    isPrivate: true,
    networks: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  },
  { words: 'a link-local address', isPrivate: true, networks: ['169.254.0.0/16', 'fe80::/10'] },
  { words: 'an address behind a carrier-grade NAT', isPrivate: true, networks: ['100.64.0.0/10'] },
  { words: 'an unspecified address', isPrivate: false, networks: ['0.0.0.0/8', '::/128'] },
  { words: 'a multicast address', isPrivate: false, networks: ['224.0.0.0/4', 'ff00::/8'] },
  { words: 'the broadcast address', isPrivate: false, networks: ['255.255.255.255/32'] },
  { words: 'an address for benchmarks', isPrivate: false, networks: ['198.18.0.0/15', '2001:2::/48'] },
  {
    words: 'an address for documentation',
    isPrivate: false,
    networks: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  },
  {
    words: 'an address that stands for one of IPv4',
    isPrivate: false,
    // 6to4 and its relays, Teredo, NAT64 of a network's own (RFC 8215).
    networks: ['2002::/16', '192.88.99.0/24', '2001::/32', '64:ff9b:1::/48'],
  },
  { words: 'a reserved address', isPrivate: false, networks: ['192.0.0.0/24', '240.0.0.0/4', '2001::/23'] },
];

/** Where networks that have IPv6 alone reach the public servers of IPv4 (RFC 6052 §2.1). */
const NAT64 = '64:ff9b::/96';

/** All that IANA has given out as public unicast addresses of IPv6 lies here, but for NAT64. */
const PUBLIC_IPV6 = '2000::/3';

const special = RANGES.map((range) => ({ range, list: listOf(range.networks) }));
const publicIpv6 = listOf([PUBLIC_IPV6, NAT64]);

const NOT_PUBLIC: SpecialAddress = { words: 'not a public address', isPrivate: false };

/**
 * Tell what is special about an address: null is a public one. Decides by its bytes, whatever way they are written; an
 * address of IPv4 within one of IPv6 (mapped, or translated by NAT64) is what it stands for.
 */
export function specialAddress(address: string): SpecialAddress | null {
  const family = isIP(address);
  if (family === 0) return NOT_PUBLIC;
  const name = family === 6 ? 'ipv6' : 'ipv4';
  const found = special.find(({ list }) => list.check(address, name));
  if (found !== undefined) return found.range;
  return family === 4 || publicIpv6.check(address, 'ipv6') ? null : NOT_PUBLIC;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits = ''] = network.split('/');
    if (isIP(base) === 6) {
      list.addSubnet(base, Number(bits), 'ipv6');
      continue;
    }
    // A rule of IPv4 matches what is mapped by itself.
    list.addSubnet(base, Number(bits), 'ipv4');
    list.addSubnet(`64:ff9b::${base}`, 96 + Number(bits), 'ipv6');
  }
  return list;
}
