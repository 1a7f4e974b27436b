// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import { parseRetryAfter } from '../outgoing/retry-after.ts';
import { faultText } from './faults.ts';
import type { OAuthSettings } from './oauth.types.ts';
import { refusedAt } from './opening-errors.ts';
import { cleanText } from './reply-text.ts';
import { SmtpConnectError } from './session.types.ts';

/** Settings with which a token is asked for. */
export type OAuthClient = Exclude<OAuthSettings, { readonly accessToken: string }>;

/** What a token endpoint gave (RFC 6749 §5.1). */
export interface TokenAnswer {
  readonly accessToken: string;
  /** Null where it doesn't say. */
  readonly lifetimeMs: number | null;
  /** A new refresh token, to be used from now on. */
  readonly refreshToken: string | null;
}

export interface TokenRequestOptions {
  readonly clock: Clock;
  readonly http: Pick<OutgoingHttp, 'fetchAll'>;
  readonly timeoutMs: number;
}

/** A token has a few KiB at most; an answer beyond this is something else. */
const MAX_ANSWER_BYTES = 65_536;
/** Some endpoints explain themselves at length. */
const MAX_DESCRIPTION = 300;

/** 408, 425, 429: asked at a bad moment. Every other 4xx, and a redirect, says that the settings are wrong. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

const tokenSchema = v.object({
  access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,16384}$/)),
  // Some endpoints write the number as a string.
  expires_in: v.optional(
    v.pipe(v.union([v.number(), v.string(), v.null()]), v.transform(Number), v.number(), v.minValue(0)),
  ),
  refresh_token: v.optional(v.pipe(v.string(), v.minLength(1))),
});

const errorSchema = v.object({ error: v.string(), error_description: v.optional(v.string(), '') });

/**
 * Ask a token endpoint for an access token: by refresh token where there is one, else by client credentials.
 *
 * @throws SmtpConnectError at stage `auth`. Where the settings are to blame its `reply` is a 535 in the endpoint's name;
 * where the endpoint is, it has none, and its fault is of kind `token`, with the time that Retry-After names.
 * @see RFC 6749 §4.4, §5, §6
 */
export async function fetchToken(client: OAuthClient, options: TokenRequestOptions): Promise<TokenAnswer> {
  const { status, retryAfter, body } = await post(client, options);
  if (status >= 500 || LATER.has(status)) {
    throw notNow(describe(client, `${status} ${errorOf(body)}`), parseRetryAfter(retryAfter, options.clock.now()));
  }
  if (status !== 200) throw settingsWrong(describe(client, `${status} ${errorOf(body)}`));
  const answer = v.safeParse(tokenSchema, parseJson(body));
  if (!answer.success) throw settingsWrong(describe(client, '200 without a token'));
  const { access_token, expires_in, refresh_token } = answer.output;
  return {
    accessToken: access_token,
    lifetimeMs: expires_in === undefined ? null : expires_in * 1_000,
    refreshToken: refresh_token ?? null,
  };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

async function post(client: OAuthClient, { http, timeoutMs }: TokenRequestOptions): Promise<Answer> {
  try {
    // Redirects are not followed: elsewhere the secret has no business.
    const { status, headers, body } = await http.fetchAll({
      method: 'POST',
      url: client.tokenUrl,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: formOf(client).toString(),
      maxBytes: MAX_ANSWER_BYTES,
      timeoutMs,
    });
    return { status, retryAfter: headers['retry-after'], body: Buffer.from(body).toString('utf8') };
  } catch (error) {
    if (isMailProxyError(error, 'address_not_allowed')) throw settingsWrong(describe(client, error.message));
    if (!isMailProxyError(error, 'outgoing_failed')) throw error;
    throw notNow(describe(client, error.message));
  }
}

function formOf({ clientId, clientSecret, refreshToken, scope }: OAuthClient): URLSearchParams {
  return new URLSearchParams({
    ...(refreshToken === undefined
      ? { grant_type: 'client_credentials' }
      : { grant_type: 'refresh_token', refresh_token: refreshToken }),
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === undefined ? {} : { scope }),
  });
}

/** What an endpoint says of its refusal (RFC 6749 §5.2); nothing where it says it in another form. */
function errorOf(body: string): string {
  const parsed = v.safeParse(errorSchema, parseJson(body));
  if (!parsed.success) return '';
  return cleanText(`${parsed.output.error} ${parsed.output.error_description}`).slice(0, MAX_DESCRIPTION).trim();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is as far from a token as any other value.
    return null;
  }
}

/** The endpoint's words without our secrets, should it repeat them. */
function describe({ clientSecret, refreshToken = '' }: OAuthClient, words: string): string {
  const safe = [clientSecret, refreshToken]
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), words);
  return faultText(`[mail-proxy, not sent] the token endpoint: ${safe.trim()}`);
}

function notNow(text: string, retryAfterMs: number | null = null): SmtpConnectError {
  const fault = { kind: 'token', stage: 'auth', text } as const;
  return new SmtpConnectError(retryAfterMs === null ? fault : { ...fault, retryAfterMs });
}

function settingsWrong(text: string): SmtpConnectError {
  return refusedAt('auth', { code: 535, enhanced: '5.7.8', text });
}
