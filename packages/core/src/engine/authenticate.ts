// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, timingSafeEqual } from 'node:crypto';
import { MailProxyError } from '../errors.ts';
import type { Principal } from '../operations/principal.ts';

export interface AuthenticationSources {
  readonly adminToken: string | undefined;
  readonly metricsToken: string | undefined;
  /** Keys of the database. */
  readonly apiKeys: { authenticate(token: string): Promise<Principal | null> };
}

export type Authenticate = (token: string | null) => Promise<Principal>;

const ANONYMOUS: Principal = { kind: 'anonymous', name: 'anonymous' };

/** Tell who holds a token. Hashes are compared, in a time that does not depend on how much of them is right. */
export function createAuthenticate({ adminToken, metricsToken, apiKeys }: AuthenticationSources): Authenticate {
  const admin = adminToken === undefined ? null : sha256(adminToken);
  const metrics = metricsToken === undefined ? null : sha256(metricsToken);
  return async (token) => {
    if (token === null) return ANONYMOUS;
    const hash = sha256(token);
    if (admin !== null && timingSafeEqual(hash, admin)) return { kind: 'admin', name: 'admin' };
    if (metrics !== null && timingSafeEqual(hash, metrics)) return { kind: 'metrics', name: 'metrics' };
    const principal = await apiKeys.authenticate(token);
    if (principal === null) throw new MailProxyError('unauthenticated', { detail: 'the token is not valid' });
    return principal;
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
