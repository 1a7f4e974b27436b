// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { MailProxyError } from '../errors.ts';
import type { MixinOutgoing } from '../mixin/contract.ts';
import { destinationRules } from '../outgoing/destination.ts';
import { resolve, resolveChecked, systemLookup } from '../outgoing/guarded-agent.ts';
import type { LookupAddresses, OutgoingHttp, OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { SmtpConnectError, type TokenSource } from '../smtp/session.types.ts';

export interface MixinOutgoingParts {
  readonly clock: Clock;
  readonly http: Pick<OutgoingHttp, 'fetchAll'>;
  /** Of the instance. */
  readonly policy: OutgoingPolicy;
  /** A tenant's own, over the instance's; null where there is no such tenant. */
  readonly policyOf: (tenantId: string) => Promise<OutgoingPolicy | null>;
  /** @defaultValue the operating system's */
  readonly lookup?: LookupAddresses;
}

/** The ways out of this machine that a mixin may use. */
export function createMixinOutgoing(parts: MixinOutgoingParts): MixinOutgoing {
  const { clock, http, policy, policyOf, lookup = systemLookup } = parts;
  return {
    async addressesOf(host, tenantId) {
      if (tenantId === null) return resolve(host, lookup);
      const own = await policyOf(tenantId);
      if (own === null) throw new MailProxyError('not_found', { detail: 'the tenant is gone' });
      return resolveChecked(host, lookup, destinationRules({ ...policy, ...own }));
    },
    accessTokens(refreshTokens) {
      const tokens = createOAuthTokens({ clock, http, refreshTokens });
      return { source: (owner, settings) => inOurWords(tokens.source(owner, settings)) };
    },
  };
}

/** SMTP's errors say too much of SMTP. */
function inOurWords(source: TokenSource): TokenSource {
  return async (refused) => {
    try {
      return await source(refused);
    } catch (error) {
      if (!(error instanceof SmtpConnectError)) throw error;
      const { retryAfterMs, text } = error.fault;
      throw new MailProxyError('outgoing_failed', {
        detail: error.reply?.text ?? text,
        extra: { kind: 'token', temporary: error.reply === null },
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        cause: error,
      });
    }
  };
}
