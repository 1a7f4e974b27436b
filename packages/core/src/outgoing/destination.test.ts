// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { checkResolved, destinationRules, parseDestination } from './destination.ts';

const closed = destinationRules({});

function refusalOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    expect(error).toMatchObject({ name: 'MailProxyError', code: 'address_not_allowed' });
    return Object(error).message;
  }
}

const REFUSED: readonly (readonly [url: string, reason: string])[] = [
  // One address, in the ways there are to write it.
  ['http://127.0.0.1/', '127.0.0.1 is a loopback address'],
  ['https://127.0.0.1.:8443/', '127.0.0.1 is a loopback address'],
  ['http://2130706433/', '127.0.0.1 is a loopback address'],
  ['http://017700000001/', '127.0.0.1 is a loopback address'],
  ['http://0x7F000001/', '127.0.0.1 is a loopback address'],
  ['http://0177.0x0.0.1/', '127.0.0.1 is a loopback address'],
  ['http://127.1/', '127.0.0.1 is a loopback address'],
  ['http://%31%32%37.0.0.1/', '127.0.0.1 is a loopback address'],
  ['http://１２７。０。０。１/', '127.0.0.1 is a loopback address'],
  ['http:127.0.0.1', '127.0.0.1 is a loopback address'],
  ['HTTP:////127.0.0.1', '127.0.0.1 is a loopback address'],
  ['http://[0:0:0:0:0:0:0:1]/', '::1 is a loopback address'],
  ['http://[::FFFF:127.0.0.1]/', '::ffff:7f00:1 is a loopback address'],
  ['http://0/', '0.0.0.0 is an unspecified address'],
  ['http://[::]/', ':: is an unspecified address'],
  ['http://169.254.169.254/latest/meta-data/', '169.254.169.254 is the address of a metadata service'],
  ['http://10.0.0.5:25/', '10.0.0.5 is a private address'],
  // Names that say it themselves.
  ['http://localhost:22/', 'localhost is a name of this machine'],
  ['http://LOCALHOST./', 'localhost is a name of this machine'],
  ['http://db.localhost/', 'db.localhost is a name of this machine'],
  ['http://metadata.google.internal/', 'metadata.google.internal is the name of a metadata service'],
  // No URL of a web server, or one that is read in two ways.
  ['file:///etc/passwd', 'file is neither http nor https'],
  ['gopher://example.com/', 'gopher is neither http nor https'],
  ['data:text/plain,hello', 'data is neither http nor https'],
  ['ws://example.com/', 'ws is neither http nor https'],
  ['example.com/path', 'this is not a URL'],
  ['http://', 'this is not a URL'],
  ['http://1.2.3.4.5/', 'this is not a URL'],
  ['http://[fe80::1%25eth0]/', 'this is not a URL'],
  ['http://example.com:99999/', 'this is not a URL'],
  ['http://anna@example.com/', 'a URL must not hold credentials'],
  ['http://example.com@10.0.0.5/', 'a URL must not hold credentials'],
  ['http://:secret@example.com/', 'a URL must not hold credentials'],
  ['http://example.com\\@10.0.0.5/', 'a URL must hold neither backslashes nor control characters'],
  ['http://exam\tple.com/', 'a URL must hold neither backslashes nor control characters'],
  ['http://example.com/\r\nhost: other', 'a URL must hold neither backslashes nor control characters'],
];

describe('a URL that is refused', () => {
  test.each(REFUSED)('%j: %s', (url, reason) => {
    expect(refusalOf(() => parseDestination(url, closed))?.replace(/; allow it with .*/, '')).toBe(reason);
  });
});

test.each([
  'https://hooks.example.com/x?y=1',
  'http://1.1.1.1:8080/',
  'http://[2606:4700::1111]/',
  'http://localhost.example/',
])('%s may be asked for', (url) => {
  expect(refusalOf(() => parseDestination(url, closed))).toBeNull();
});

test('a name is refused with the address that it resolves to, and with what allows it', () => {
  const resolved = [
    { address: '1.1.1.1', family: 4 },
    { address: '10.0.0.5', family: 4 },
  ] as const;
  expect(refusalOf(() => checkResolved('app.example', resolved, closed))).toBe(
    'app.example resolves to 10.0.0.5, which is a private address; allow it with outgoing.allowedHosts ' +
      '(GMP_OUTGOING_ALLOWED_HOSTS) or outgoing.allowPrivateNetworks (GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS)',
  );
});

test('private networks that are allowed open no metadata service, and nothing that is no host', () => {
  const open = destinationRules({ allowPrivateNetworks: true });
  for (const host of [
    '10.0.0.5',
    '127.0.0.1',
    '[fd12::1]',
    '[::ffff:127.0.0.1]',
    '169.254.1.1',
    '100.64.0.1',
    'localhost',
  ]) {
    expect(refusalOf(() => parseDestination(`http://${host}/`, open))).toBeNull();
  }
  for (const host of ['169.254.169.254', '[fd00:ec2::254]', '0.0.0.0', '255.255.255.255', '[ff02::1]', '198.18.0.1']) {
    expect(refusalOf(() => parseDestination(`http://${host}/`, open))).toMatch(/allow it with outgoing\.allowedHosts/);
  }
});

test('an allowed host is the name or the address that was written, and no other', () => {
  const rules = destinationRules({ allowedHosts: ['App.Internal.', ' 10.0.0.5 ', '[FD12::0001]', 'fd00:ec2::254'] });
  const at = (address: string) => [{ address, family: 4 as const }];
  expect(refusalOf(() => checkResolved('app.internal', at('169.254.169.254'), rules))).toBeNull();
  expect(refusalOf(() => checkResolved('other.example', at('10.0.0.5'), rules))).toBeNull();
  expect(refusalOf(() => checkResolved('other.example', at('10.0.0.6'), rules))).not.toBeNull();
  expect(refusalOf(() => checkResolved('sub.app.internal', at('10.0.0.6'), rules))).not.toBeNull();
  expect(refusalOf(() => parseDestination('http://[fd12::1]/', rules))).toBeNull();
  expect(refusalOf(() => parseDestination('http://[fd00:ec2::254]/', rules))).toBeNull();
  expect(refusalOf(() => parseDestination('http://[fd12::2]/', rules))).not.toBeNull();
});
