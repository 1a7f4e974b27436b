// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { isInRanges } from '../config/ip-ranges.ts';
import type { ApiKeyStore } from '../entities/api-key/api-key.store.ts';
import { hashOf } from '../entities/api-key/api-key.token.ts';
import type { KnownKey } from '../entities/api-key/identified.ts';
import { MailProxyError } from '../errors.ts';
import type { Refusal } from '../operations/execute.ts';
import type { Principal } from '../operations/principal.ts';
import { GuessGuard } from './guess-guard.ts';
import { MinuteBuckets } from './minute-buckets.ts';

export interface AuthenticationSources {
  readonly adminToken: string | undefined;
  readonly metricsToken: string | undefined;
  /** Wrong ones that an address may send. */
  readonly wrongTokensPerMinute: number;
  /** Keys of the database. */
  readonly apiKeys: Pick<ApiKeyStore, 'identify'>;
  /** Whether this process hears which keys others revoke. */
  readonly isTold: () => boolean;
  readonly clock: Clock;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onUsed: (keyId: string) => void;
}

/** Where a token came from. */
export interface TokenOrigin {
  /** Of the client; absent where there is none, as inside the process. */
  readonly address?: string | undefined;
}

export type Authenticate = (token: string | null, from?: TokenOrigin) => Promise<Principal>;

const ANONYMOUS: Principal = { kind: 'anonymous', name: 'anonymous' };
/** Keys with a rate that are remembered. */
const MAX_RATED_KEYS = 10_000;

/** Why somebody with a token is nobody, in the words of the command log. */
type Failure = 'unknown token' | 'key revoked' | 'key expired' | 'address not allowed';

/** Tell who holds a token. Hashes are compared, in a time that does not depend on how much of them is right. */
export function createAuthenticate(sources: AuthenticationSources): Authenticate {
  const { apiKeys, clock, isTold, onRefused, onUsed } = sources;
  const ofConfig = configuredTokens(sources);
  const guard = new GuessGuard(clock, sources.wrongTokensPerMinute);
  const rates = new MinuteBuckets({ clock, maxKeys: MAX_RATED_KEYS });

  return async (token, { address } = {}) => {
    if (token === null) return ANONYMOUS;
    const hash = hashOf(token);
    const waitMs = address === undefined ? 0 : guard.waitMs(address, hash);
    if (waitMs > 0) {
      onRefused(unseen(address));
      throw tooManyFailures(waitMs);
    }

    const fail = (failure: Failure, known?: KnownKey): MailProxyError => {
      if (address !== undefined) guard.failed(address, hash);
      const error = errorOf(failure);
      onRefused({
        operation: 'authentication',
        tenantId: known?.key.tenant_id ?? null,
        principal: known?.principal.name ?? 'unknown',
        origin: address ?? 'embedded',
        outcome: error.code,
        reason: failure,
      });
      return error;
    };
    const succeed = (principal: Principal): Principal => {
      if (address !== undefined) guard.succeeded(address, hash);
      return principal;
    };

    const configured = ofConfig.find((one) => timingSafeEqual(hash, one.hash));
    if (configured !== undefined) return succeed(configured.principal);
    const identified = await apiKeys.identify(token, { hash, isTold: isTold() });
    switch (identified.kind) {
      case 'unknown':
        throw fail('unknown token');
      case 'revoked':
        throw fail('key revoked', identified.known);
      case 'expired':
        throw fail('key expired', identified.known);
      case 'valid': {
        const { key, limits, principal } = identified.known;
        const isNear = limits.ipRanges === null || isInRanges(address ?? '', limits.ipRanges);
        if (!isNear) throw fail('address not allowed', identified.known);
        const { ratePerMinute } = limits;
        const restMs = ratePerMinute === null ? 0 : rates.take(key.id, ratePerMinute);
        if (ratePerMinute !== null && restMs > 0) throw tooManyRequests(ratePerMinute, restMs);
        onUsed(key.id);
        return succeed(principal);
      }
      default:
        return identified satisfies never;
    }
  };
}

function configuredTokens({
  adminToken,
  metricsToken,
}: Pick<AuthenticationSources, 'adminToken' | 'metricsToken'>): readonly {
  readonly hash: Buffer;
  readonly principal: Principal;
}[] {
  const tokens = [
    { token: adminToken, principal: { kind: 'admin', name: 'admin' } },
    { token: metricsToken, principal: { kind: 'metrics', name: 'metrics' } },
  ] as const;
  return tokens.flatMap(({ token, principal }) => (token === undefined ? [] : [{ hash: hashOf(token), principal }]));
}

function errorOf(failure: Failure): MailProxyError {
  switch (failure) {
    case 'unknown token':
      return new MailProxyError('unauthenticated', { detail: 'the token is not valid' });
    case 'key revoked':
      return new MailProxyError('unauthenticated', { detail: 'the key was revoked' });
    case 'key expired':
      return new MailProxyError('unauthenticated', { detail: 'the key has expired' });
    case 'address not allowed':
      return new MailProxyError('forbidden', { detail: 'the key is not to be used from this address' });
    default:
      return failure satisfies never;
  }
}

/** A token that was not looked at. */
function unseen(address: string | undefined): Refusal {
  return {
    operation: 'authentication',
    tenantId: null,
    principal: 'unknown',
    origin: address ?? 'embedded',
    outcome: 'rate_limited',
    reason: 'too many wrong tokens',
  };
}

function tooManyFailures(retryAfterMs: number): MailProxyError {
  const detail = 'too many wrong tokens came from this address';
  return new MailProxyError('rate_limited', { detail, retryAfterMs });
}

function tooManyRequests(limit: number, retryAfterMs: number): MailProxyError {
  return new MailProxyError('rate_limited', {
    detail: `the limit of the key, ${limit} requests in 60 seconds, is reached`,
    retryAfterMs,
    extra: { limit, scope: 'key', window_seconds: 60 },
  });
}
