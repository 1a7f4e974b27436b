// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { canonicalAddress, holds, isInRanges, parseIpRange, parseIpRanges, siteOf } from './ip-ranges.ts';

describe('a range of addresses', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.77/24', '192.0.2.1', true],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/0', '192.0.2.1', false],
    // As a socket that takes both kinds names an IPv4 client.
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', 'unknown', false],
    ['192.0.2.0/24', '', false],
    // Ways to write an address that other programs read as another one.
    ['10.0.0.0/8', '012.0.0.1', false],
    ['127.0.0.1', '127.1', false],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(isInRanges(address, parseIpRanges([range]))).toBe(expected);
  });

  test.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/-1',
    'example.com',
    '::ffff:1.2.3.4/64',
  ])('%j is none', (text) => {
    expect(parseIpRange(text)).toBeNull();
  });

  test('holds another one where it holds all of it', () => {
    const of = (outer: string, inner: string): boolean => {
      const [one, other] = parseIpRanges([outer, inner]);
      return one !== undefined && other !== undefined && holds(one, other);
    };
    expect(of('10.0.0.0/8', '10.1.0.0/16')).toBe(true);
    expect(of('10.1.0.0/16', '10.0.0.0/8')).toBe(false);
    expect(of('10.0.0.0/8', '10.0.0.0/8')).toBe(true);
    expect(of('10.0.0.0/8', '11.0.0.0/16')).toBe(false);
    expect(of('::/0', '10.0.0.0/8')).toBe(false);
  });
});

test('a client is one IPv4 address, or all of an IPv6 /64', () => {
  expect(siteOf('192.0.2.1')).toBe('192.0.2.1');
  expect(siteOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(siteOf('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  expect(siteOf('2001:db8:1:2:ffff::')).toBe(siteOf('2001:db8:1:2::1'));
  expect(siteOf('2001:db8:1:3::1')).not.toBe(siteOf('2001:db8:1:2::1'));
});

test('an address has one form', () => {
  expect(canonicalAddress('2001:0DB8::0001')).toBe('2001:db8::1');
  expect(canonicalAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(canonicalAddress('example.com')).toBeNull();
});
