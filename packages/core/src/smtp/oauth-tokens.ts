// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import type { OAuthSettings } from './oauth.types.ts';
import { RefreshingClient, type RefreshTokens } from './refreshing-client.ts';
import type { TokenSource } from './session.types.ts';
import { TokenEndpoint } from './token-endpoint.ts';
import { fetchToken, type OAuthClient, type TokenAnswer } from './token-request.ts';

/** A token is renewed this long before it expires, so that it doesn't expire on its way through AUTH. */
const RENEW_BEFORE_MS = 60_000;

/** RFC 6749 §5.1 lets an endpoint leave out the lifetime; an hour is usual, this is careful. */
const UNKNOWN_LIFETIME_MS = 600_000;

/** Accounts whose token is kept; beyond it the one that was added first is forgotten, which costs a request. */
const MAX_ENTRIES = 10_000;

export interface OAuthTokensOptions {
  readonly clock: Clock;
  /** @defaultValue none: a replaced refresh token is known to this process only */
  readonly refreshTokens?: RefreshTokens;
  /** Asks the endpoints. */
  readonly http: Pick<OutgoingHttp, 'fetchAll'>;
  /** Milliseconds for one request to a token endpoint. @defaultValue 15,000 */
  readonly timeoutMs?: number;
}

/** Whose token it is; a new version of the settings starts anew. */
export interface TokenOwner {
  readonly pk: string;
  readonly version: number;
}

/** Access tokens for XOAUTH2, kept until they are about to expire. */
export interface OAuthTokens {
  /** Where the owner's tokens come from; callers at the same time share one request. */
  source(owner: TokenOwner, settings: OAuthSettings): TokenSource;
}

/** Create an empty store of tokens; it asks an endpoint when a token is asked for. */
export function createOAuthTokens(options: OAuthTokensOptions): OAuthTokens {
  const { clock, http, refreshTokens = null, timeoutMs = 15_000 } = options;
  const entries = new Map<string, { readonly version: number; readonly tokens: RenewedToken }>();

  const tokensOf = ({ pk, version }: TokenOwner, client: OAuthClient): RenewedToken => {
    const known = entries.get(pk);
    if (known?.version === version) return known.tokens;
    const endpoint = new TokenEndpoint(clock);
    const tokens = new RenewedToken({
      clock,
      client: new RefreshingClient(pk, client, refreshTokens),
      fetch: (current) => endpoint.ask(() => fetchToken(current, { clock, timeoutMs, http })),
      // Both would use the same refresh token, of which only one may get an answer.
      after: known?.tokens.settled() ?? null,
    });
    entries.delete(pk);
    entries.set(pk, { version, tokens });
    const [oldest] = entries.keys();
    if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
    return tokens;
  };

  return {
    source(owner, settings) {
      if ('accessToken' in settings) return () => Promise.resolve(settings.accessToken);
      return (refused) => tokensOf(owner, settings).get(refused);
    },
  };
}

interface RenewedTokenParts {
  readonly clock: Clock;
  readonly client: RefreshingClient;
  readonly fetch: (client: OAuthClient) => Promise<TokenAnswer>;
  /** Waited for before the endpoint is asked, however it ends. */
  readonly after: Promise<void> | null;
}

/** The token of one account. */
class RenewedToken {
  readonly #p: RenewedTokenParts;
  #token: string | null = null;
  /** On the monotonic clock. */
  #renewAt = 0;
  /** How often the token was given out. */
  #uses = 0;
  #pending: Promise<string> | null = null;

  constructor(parts: RenewedTokenParts) {
    this.#p = parts;
  }

  /** Resolves once no request is under way, and what the last one gave is stored if that can be. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#pending]);
    await this.#p.client.keep();
  }

  async get(refused?: string): Promise<string> {
    // One that was asked for just now is refused for another reason than its age.
    if (refused !== undefined && refused === this.#token && this.#uses === 1) return refused;
    const isRefused = refused !== undefined && refused === this.#token;
    if (this.#token !== null && !isRefused && this.#p.clock.monotonic() < this.#renewAt) {
      this.#uses += 1;
      const token = this.#token;
      await this.#p.client.keep();
      return token;
    }
    this.#pending ??= this.#renew();
    const token = await this.#pending;
    this.#uses += 1;
    return token;
  }

  async #renew(): Promise<string> {
    try {
      const { clock, client, fetch, after } = this.#p;
      if (after !== null) await Promise.allSettled([after]);
      const askedAt = clock.monotonic();
      const { accessToken, lifetimeMs } = await client.use(fetch);
      this.#token = accessToken;
      this.#uses = 0;
      this.#renewAt = askedAt + (lifetimeMs ?? UNKNOWN_LIFETIME_MS) - RENEW_BEFORE_MS;
      return accessToken;
    } finally {
      this.#pending = null;
    }
  }
}
