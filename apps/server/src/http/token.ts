// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';

/**
 * Take the token out of `Authorization: Bearer` or of `X-API-Token`; null when there is none.
 *
 * @throws {MailProxyError} `unauthenticated` for another scheme, and for two tokens that differ: whichever one of them
 * a proxy in between checked, it was perhaps not the one that we would take
 */
export function tokenOf(headers: Pick<Headers, 'get'>): string | null {
  const authorization = headers.get('authorization');
  const plain = headers.get('x-api-token')?.trim() || null;
  if (authorization === null) return plain;
  const bearer = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw new MailProxyError('unauthenticated', { detail: 'expected Authorization: Bearer and a token' });
  }
  if (plain !== null && plain !== bearer) {
    throw new MailProxyError('unauthenticated', { detail: 'Authorization and X-API-Token hold different tokens' });
  }
  return bearer;
}
