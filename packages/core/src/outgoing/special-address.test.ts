// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { specialAddress } from './special-address.ts';

const SPECIAL: readonly (readonly [address: string, words: string])[] = [
  ['10.0.0.5', 'a private address'],
  ['172.16.0.0', 'a private address'],
  ['172.31.255.255', 'a private address'],
  ['192.168.1.1', 'a private address'],
  ['fd12:3456::1', 'a private address'],
  ['fec0::1', 'a private address'],
  ['127.8.9.10', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['169.254.1.1', 'a link-local address'],
  ['fe80::1', 'a link-local address'],
  ['fe80::1%lo', 'a link-local address'],
  ['100.64.0.0', 'an address behind a carrier-grade NAT'],
  ['100.127.255.255', 'an address behind a carrier-grade NAT'],
  ['169.254.169.254', 'the address of a metadata service'],
  ['168.63.129.16', 'the address of a metadata service'],
  ['fd00:ec2::254', 'the address of a metadata service'],
  ['0.0.0.0', 'an unspecified address'],
  ['0.1.2.3', 'an unspecified address'],
  ['::', 'an unspecified address'],
  ['224.0.0.251', 'a multicast address'],
  ['ff05::2', 'a multicast address'],
  ['255.255.255.255', 'the broadcast address'],
  ['198.18.0.1', 'an address for benchmarks'],
  ['2001:2::1', 'an address for benchmarks'],
  ['192.0.2.9', 'an address for documentation'],
  ['2001:db8:1::1', 'an address for documentation'],
  ['3fff:1::1', 'an address for documentation'],
  ['192.0.0.8', 'a reserved address'],
  ['241.0.0.1', 'a reserved address'],
  ['2001:20::1', 'a reserved address'],
  // Addresses of IPv4 within those of IPv6.
  ['::ffff:10.0.0.5', 'a private address'],
  ['::ffff:a9fe:a9fe', 'the address of a metadata service'],
  ['::10.0.0.5', 'not a public address'],
  ['::ffff:0:10.0.0.5', 'not a public address'],
  ['64:ff9b::10.0.0.5', 'a private address'],
  ['64:ff9b::a9fe:a9fe', 'the address of a metadata service'],
  ['64:ff9b:1::808:808', 'an address that stands for one of IPv4'],
  ['2002:a00:5::1', 'an address that stands for one of IPv4'],
  ['2001:0:4136:e378::1', 'an address that stands for one of IPv4'],
  // Not given out, or not for hosts.
  ['100::1', 'not a public address'],
  ['4000::1', 'not a public address'],
  ['5f00::1', 'not a public address'],
  ['no address', 'not a public address'],
];

describe('an address that no public server has', () => {
  test.each(SPECIAL)('%s is %s', (address, words) => {
    expect(specialAddress(address)?.words).toBe(words);
  });
});

test.each([
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2001:200::1',
  '2003::1',
  '2a00:1450:4001::1',
  '64:ff9b::9.9.9.9',
])('%s is public', (address) => {
  expect(specialAddress(address)).toBeNull();
});
