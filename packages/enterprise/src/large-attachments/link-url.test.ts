// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac } from 'node:crypto';
import type { Macs } from '@mail-proxy/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLinkUrls, type SignedLink } from './link-url.ts';

const LINK: SignedLink = { linkPk: '0198a0c1-2345-7abc-8def-0123456789ab', expiresAt: Date.UTC(2030, 0, 1) + 123 };
const BASE = 'https://mail.example.com';

/** By one key; the engine's go through a ring. */
function macsOf(key: string): Macs {
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return { sign, verify: (text, mac) => mac.byteLength >= 10 && sign(text).subarray(0, mac.byteLength).equals(mac) };
}

const urls = createLinkUrls(macsOf('key'));

function tokenOf(url: string): string {
  return new URL(url).pathname.split('/').at(-2) ?? '';
}

test('what was made is read, below any base', () => {
  for (const base of [BASE, `${BASE}/`, `${BASE}/mail//`, 'http://10.0.0.1:8000']) {
    const url = urls.urlOf({ base, ...LINK, filename: 'plan.pdf' });
    expect(url).toMatch(/\/\/[^/]+(\/mail)?\/download\/[^/]+\/plan\.pdf$/);
    expect(urls.read(tokenOf(url))).toEqual(LINK);
  }
});

test('the name is one segment that ends where it ends, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '.', '..', 'a/../../b', '(1)!.pdf')),
      (filename) => {
        const url = urls.urlOf({ base: BASE, ...LINK, filename });
        expect(url).toMatch(/\/[\w.~%-]+$/);
        expect(new URL(url).href).toBe(url);
        expect(urls.read(tokenOf(url))).toEqual(LINK);
      },
    ),
  );
  expect(urls.urlOf({ base: BASE, ...LINK, filename: 'été (1).pdf' })).toMatch(/\/%C3%A9t%C3%A9%20%281%29\.pdf$/);
  expect(urls.urlOf({ base: BASE, ...LINK, filename: `${'x'.repeat(300)}.pdf` })).toMatch(/\/x{76}\.pdf$/);
});

test('no letter of it can be changed, added or left out', () => {
  const token = tokenOf(urls.urlOf({ base: BASE, ...LINK, filename: 'a' }));
  for (const at of token.split('').keys()) {
    for (const letter of ['0', 'f', 'A', '_', '-', '']) {
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      if (changed !== token) expect([changed, urls.read(changed)]).toEqual([changed, null]);
    }
  }
  for (const changed of [
    '',
    '--',
    `${token}A`,
    ` ${token}`,
    `${token}\n`,
    token.toUpperCase(),
    token.replace('-', '-0'),
  ]) {
    expect(urls.read(changed)).toBeNull();
  }
});

test('a later end is another signature, and so is another link', () => {
  const other = tokenOf(urls.urlOf({ base: BASE, ...LINK, expiresAt: LINK.expiresAt + 1, filename: 'a' }));
  const own = tokenOf(urls.urlOf({ base: BASE, ...LINK, filename: 'a' }));
  const mac = own.slice(-22);
  expect(urls.read(other.slice(0, -22) + mac)).toBeNull();
  expect(createLinkUrls(macsOf('another key')).read(own)).toBeNull();
});
