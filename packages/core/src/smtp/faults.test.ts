// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { errorText, faultKind } from './faults.ts';

function systemError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe('faultKind', () => {
  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['ENETUNREACH', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ])('%s is %s', (code, kind) => {
    expect(faultKind(systemError(code), false)).toBe(kind);
  });

  test('a code that only OpenSSL has is TLS while that is spoken', () => {
    expect(faultKind(systemError('CERT_HAS_EXPIRED'), true)).toBe('tls');
    expect(faultKind(systemError('DEPTH_ZERO_SELF_SIGNED_CERT'), true)).toBe('tls');
    expect(faultKind(systemError('ECONNRESET'), true)).toBe('reset');
  });
});

describe('errorText', () => {
  test('names the code once', () => {
    expect(errorText(systemError('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.1:25'))).toBe(
      'connect ECONNREFUSED 192.0.2.1:25',
    );
    expect(errorText(systemError('CERT_HAS_EXPIRED', 'certificate has expired'))).toBe(
      'CERT_HAS_EXPIRED: certificate has expired',
    );
  });

  test('of a host whose addresses all failed tells of each', () => {
    const errors = ['192.0.2.1', '2001:db8::1'].map((address) =>
      systemError('ECONNREFUSED', `connect ECONNREFUSED ${address}:25`),
    );
    const error = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    expect(errorText(error)).toBe('connect ECONNREFUSED 192.0.2.1:25; connect ECONNREFUSED 2001:db8::1:25');
  });

  test('is one clean line of bounded length', () => {
    const text = errorText(new Error(`a\r\nb\x1b[31m${'x'.repeat(2_000)}`));
    expect(text).toHaveLength(1_000);
    expect(text).not.toMatch(/[\x00-\x1f]/);
  });
});
