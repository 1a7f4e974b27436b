// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { parseDomain } from './domain.ts';

describe('parseDomain', () => {
  test.each([
    'example.com',
    'Mail.EXAMPLE.com',
    'mailhost',
    'a-b.example',
    '3com.example',
    'a--b.example',
    '10.1.2.3',
    'xn--bcher-kva.example',
    '[192.0.2.7]',
    '[IPv6:2001:db8::7]',
    `${'a'.repeat(63)}.example`,
  ])('%s is returned as it was given', (domain) => {
    expect(parseDomain(domain)).toEqual({ ok: true, domain });
  });

  test.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['Bücher.Example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['書籍.example', 'xn--rovu88b.example'],
    ['bücher.xn--bcher-kva.example', 'xn--bcher-kva.xn--bcher-kva.example'],
  ])('%s becomes %s', (given, domain) => {
    expect(parseDomain(given)).toEqual({ ok: true, domain });
  });

  test.each([
    ['nothing', ''],
    ['a dot at the start', '.example.com'],
    ['a dot at the end', 'example.com.'],
    ['two dots', 'example..com'],
    ['a hyphen at the start of a label', 'a.-b.example'],
    ['a hyphen at the end of a label', 'a-.example'],
    ['an underscore', 'a_b.example'],
    ['a space', 'a b.example'],
    ['a port', 'example.com:25'],
    ['a percent escape', 'ex%61mple.com'],
    ['a percent escape in an international name', 'b%C3%BCch\u00e9.example'],
    ['a slash in an international name', 'bücher.example/x'],
    ['a label of 64', `${'a'.repeat(64)}.example`],
    ['254 characters', `${'a.'.repeat(126)}ab`],
    ['hyphens in places 3 and 4', 'ab--cd.example'],
    ['an A-label that is no Punycode', 'xn--0.example'],
    ['full-width letters', 'ｅxample.com'],
    ['full-width digits that would be an IP address', '１２７.0.0.1'],
    ['an ideographic full stop', 'bücher。example'],
    ['a soft hyphen, which IDNA drops', 'exam\u00adple.com'],
    ['a zero width joiner', 'exam\u200dple.com'],
    ['a lone surrogate', 'a\ud800.example'],
    ['an address literal that is not closed', '[192.0.2.7'],
    ['an address literal out of range', '[192.0.2.256]'],
    ['an IPv6 literal without its tag', '[2001:db8::7]'],
    ['an IPv6 literal with a zone', '[IPv6:fe80::1%eth0]'],
    ['a general address literal', '[X400:c=it]'],
  ])('%s is refused', (_what, domain) => {
    expect(parseDomain(domain)).toMatchObject({ ok: false });
  });
});
