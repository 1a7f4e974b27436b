// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parseIpRanges } from '@mail-proxy/core';
import { describe, expect, test } from 'vitest';
import { clientAddress, NO_PROXIES, type ProxyHeader } from '../src/http/client-address.ts';
import { serveApp } from './served-app.case.ts';

const RANGES = parseIpRanges(['10.0.0.0/8', '127.0.0.1', '2001:db8:ffff::/48']);
const PEER = '10.0.0.1';

function seen(header: ProxyHeader, value: string, peer = PEER): string | undefined {
  return clientAddress(peer, new Headers({ [header]: value }), { ranges: RANGES, header });
}

describe('X-Forwarded-For', () => {
  test.each([
    ['of a trusted proxy names the client', '192.0.2.1', '192.0.2.1'],
    ['is read from the right: what the client wrote itself stands further left', '6.6.6.6, 192.0.2.1', '192.0.2.1'],
    ['leads through all trusted proxies', '6.6.6.6, 192.0.2.1, 10.0.0.3, 10.0.0.2', '192.0.2.1'],
    ['ends at the first that is not trusted, whatever stands before', '10.0.0.9, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['may name trusted ones only', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['may have ports', '192.0.2.1:4711', '192.0.2.1'],
    ['may have IPv6 addresses', '2001:db8::7', '2001:db8::7'],
    ['may have them in brackets', '[2001:db8::7]:80, [2001:db8:ffff::1]', '2001:db8::7'],
    ['that names nothing readable leaves the proxy', '192.0.2.1, unknown', PEER],
    ['that is empty leaves the proxy', '', PEER],
    ['that breaks off behind a proxy leaves that one', 'what?, 10.0.0.2', '10.0.0.2'],
  ])('%s', (_, value, expected) => {
    expect(seen('x-forwarded-for', value)).toBe(expected);
  });
});

describe('Forwarded', () => {
  test.each([
    ['for=192.0.2.1', '192.0.2.1'],
    ['for=6.6.6.6, for=192.0.2.1;proto=https;by=10.0.0.1', '192.0.2.1'],
    ['For="[2001:db8::7]:4711"', '2001:db8::7'],
    ['for=192.0.2.1, for=10.0.0.2', '192.0.2.1'],
    ['for=192.0.2.1;host="a, for=6.6.6.6"', '192.0.2.1'],
    ['for=_hidden', PEER],
    ['for=unknown', PEER],
    ['proto=https', PEER],
    // The client began a text in quotes that the proxy's own element would end.
    ['for="6.6.6.6, for=192.0.2.1', PEER],
    ['for="x, for="[2001:db8::7]"', PEER],
  ])('%s: %s', (value, expected) => {
    expect(seen('forwarded', value)).toBe(expected);
  });
});

describe('a header that somebody made up', () => {
  test.each(['x-forwarded-for', 'forwarded'] as const)(
    '%s counts for nothing where it comes from anybody',
    (header) => {
      const value = header === 'forwarded' ? 'for=6.6.6.6' : '6.6.6.6';
      expect(seen(header, value, '192.0.2.66')).toBe('192.0.2.66');
      expect(clientAddress('127.0.0.1', new Headers({ [header]: value }), NO_PROXIES)).toBe('127.0.0.1');
    },
  );

  test('of the other kind is not read, also from a trusted proxy', () => {
    const headers = new Headers({ 'x-forwarded-for': '192.0.2.1', forwarded: 'for=6.6.6.6' });
    const { ranges } = { ranges: RANGES };
    expect(clientAddress(PEER, headers, { ranges, header: 'x-forwarded-for' })).toBe('192.0.2.1');
    expect(clientAddress(PEER, headers, { ranges, header: 'forwarded' })).toBe('6.6.6.6');
  });
});

test('IPv4 in IPv6, as dual-stack sockets say it, is IPv4', () => {
  expect(
    clientAddress('::ffff:10.0.0.1', new Headers({ 'x-forwarded-for': '192.0.2.1' }), {
      ranges: RANGES,
      header: 'x-forwarded-for',
    }),
  ).toBe('192.0.2.1');
});

test('without a connection there is no address', () => {
  expect(clientAddress(undefined, new Headers({ 'x-forwarded-for': '192.0.2.1' }), NO_PROXIES)).toBeUndefined();
});

describe('what the address decides', () => {
  const proxies = { ranges: parseIpRanges(['127.0.0.1']), header: 'x-forwarded-for' } as const;
  const from = (address: string) => ({ 'x-forwarded-for': address });

  test("a key's ranges hold for the client that a trusted proxy names, and for the connection otherwise", async () => {
    await using behind = await serveApp({ proxies });
    await using open = await serveApp();
    for (const [app, expected] of [
      [behind, [200, 403, 403]],
      [open, [403, 403, 403]],
    ] as const) {
      const json = { ip_ranges: ['192.0.2.0/24'] };
      const { json: made } = await app.call('POST', '/v1/tenants/default/api-keys', { json });
      const statuses: number[] = [];
      for (const headers of [from('192.0.2.1'), from('192.0.3.1'), from('192.0.2.1, 192.0.3.1')]) {
        statuses.push((await app.call('GET', '/v1/messages', { token: made.api_key, headers })).status);
      }
      expect(statuses).toEqual(expected);
    }
  });

  test('the command log names the client and the request', async () => {
    await using app = await serveApp({ proxies });
    const headers = { ...from('192.0.2.1'), 'x-request-id': 'request-7' };
    await app.call('PATCH', '/v1/tenants/default', { json: { name: 'x' }, headers });
    const { json } = await app.call('GET', '/v1/command-log');
    expect(json.items).toMatchObject([{ operation: 'tenants.update', origin: '192.0.2.1', request_id: 'request-7' }]);
  });

  test('wrong tokens of one client are limited, those of others behind the same proxy are looked at', async () => {
    await using app = await serveApp({ proxies });
    const guess = (address: string, token = 'guess') =>
      app.call('GET', '/v1/messages', { token, headers: from(address) });
    const statuses = new Set<number>();
    for (let n = 0; n < 20; n++) statuses.add((await guess('192.0.2.1', `guess-${n}`)).status);
    expect([...statuses]).toEqual([401]);
    const limited = await guess('192.0.2.1');
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await guess('192.0.2.2')).status).toBe(401);
  });
});
