// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { NO_CAPABILITIES, parseCapabilities } from './capabilities.ts';

test('EHLO lines are read in any case and with any parameters', () => {
  const lines = [
    'relay.test at your service',
    'pipelining',
    'SIZE 35882577',
    '8BITMIME',
    'smtputf8',
    'StartTLS',
    'AUTH login PLAIN',
    'CHUNKING',
    'LIMITS RCPTMAX=50 mailmax=20 RCPTDOMAINMAX=5 NEWMAX=7',
  ];
  expect(parseCapabilities(lines)).toEqual({
    pipelining: true,
    dsn: false,
    maxBytes: 35_882_577,
    size: true,
    eightBitMime: true,
    smtpUtf8: true,
    startTls: true,
    authMechanisms: new Set(['LOGIN', 'PLAIN']),
    limits: { mailMax: 20, rcptMax: 50, rcptDomainMax: 5 },
  });
});

test('the greeting line announces nothing, whatever the relay is called', () => {
  expect(parseCapabilities(['PIPELINING'])).toEqual(NO_CAPABILITIES);
});

test('SIZE without a number, or with 0, has no limit', () => {
  for (const line of ['SIZE', 'SIZE 0', 'SIZE lots', 'SIZE -1']) {
    expect(parseCapabilities(['relay', line])).toMatchObject({ size: true, maxBytes: null });
  }
});

test('the old form AUTH= counts too, alone or beside the right one', () => {
  expect(parseCapabilities(['relay', 'AUTH=LOGIN']).authMechanisms).toEqual(new Set(['LOGIN']));
  expect(parseCapabilities(['relay', 'AUTH PLAIN', 'AUTH=LOGIN']).authMechanisms).toEqual(new Set(['PLAIN', 'LOGIN']));
});

test('LIMITS that RFC 9422 does not allow say nothing', () => {
  for (const line of [
    'LIMITS',
    'LIMITS RCPTMAX=0',
    'LIMITS RCPTMAX=-1',
    'LIMITS RCPTMAX=1000000',
    'LIMITS RCPTMAX=1e3',
  ]) {
    expect(parseCapabilities(['relay', line]).limits).toEqual(NO_CAPABILITIES.limits);
  }
});
