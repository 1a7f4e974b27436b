// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as v from 'valibot';
import { integer, line } from '../../operations/fields.ts';
import type { OAuthSettings } from '../../smtp/oauth.types.ts';

/** A name of the DNS has 253 characters at most (RFC 1035, 2.3.4, without the closing dot). */
const MAX_HOST_LENGTH = 253;
/** A bundle of many authorities still fits. */
const MAX_PEM_LENGTH = 100_000;

/** Where mail goes: to a relay, or nowhere. */
export const accountType = v.picklist(['smtp', 'sandbox']);

/** A host name or an IP address, not a URL. */
export const host = v.pipe(
  v.string(),
  v.minLength(1, 'expected a host name or an IP address'),
  v.maxLength(MAX_HOST_LENGTH, `expected at most ${MAX_HOST_LENGTH} characters`),
  v.regex(/^[^\s\u0000-\u001f\u007f/@]*$/u, 'expected a host name or an IP address'),
);

/** The name that a certificate is checked against; SNI has no addresses (RFC 6066, 3). */
export const servername = v.pipe(
  host,
  v.check((name) => isIP(name) === 0, 'expected a host name, not an IP address'),
);

export const tlsMode = v.picklist(['none', 'opportunistic', 'starttls', 'implicit']);

/** PEM certificates. The text is shown to whoever may see the account, so a private key must not slip in. */
export const certificates = v.pipe(
  v.string(),
  v.maxLength(MAX_PEM_LENGTH, `expected at most ${MAX_PEM_LENGTH} characters`),
  v.check((text) => !text.includes('PRIVATE KEY'), 'expected certificates only, and no private key'),
  v.check(holdsCertificates, 'expected one or more certificates in PEM form'),
);

export const tlsMinVersion = v.picklist(['TLSv1.2', 'TLSv1.3']);

/** A private key in PEM, not locked by a passphrase: there is nobody to type it. */
export const privateKey = v.pipe(
  v.string(),
  v.maxLength(MAX_PEM_LENGTH, `expected at most ${MAX_PEM_LENGTH} characters`),
  v.check(isPrivateKey, 'expected a private key in PEM form, without a passphrase'),
);

/** RFC 5321, 4.1.1.1 wants a domain; its labels are letters, digits and hyphens (RFC 1123, 2.1). */
export const ehloName = v.pipe(
  v.string(),
  v.maxLength(MAX_HOST_LENGTH, `expected at most ${MAX_HOST_LENGTH} characters`),
  v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i, 'expected a host name'),
  v.check((name) => isIP(name) === 0, 'expected a host name, not an IP address'),
);

/** SASL mechanisms end a user and a password with NUL (RFC 4616). */
export const user = v.pipe(line(255), v.minLength(1, 'expected at least 1 character'));
export const password = v.pipe(line(1_000), v.minLength(1, 'expected at least 1 character'));

export const authMethod = v.picklist(['auto', 'plain', 'login', 'cram-md5', 'xoauth2']);

/** What stands in a header or a form; tokens of the large providers have up to a few thousand characters. */
const oauthText = v.pipe(line(10_000), v.minLength(1, 'expected at least 1 character'));

/** Secrets travel there, so only a token endpoint on this machine may do without TLS. */
const tokenUrl = v.pipe(
  v.string(),
  v.maxLength(2_000, 'expected at most 2000 characters'),
  v.check(isTokenUrl, 'expected an https URL without user and password in it'),
);

/** Where the token for XOAUTH2 comes from. */
export const oauth = v.pipe(
  v.strictObject({
    access_token: v.optional(oauthText),
    token_url: v.optional(tokenUrl),
    client_id: v.optional(oauthText),
    client_secret: v.optional(oauthText),
    refresh_token: v.optional(oauthText),
    scope: v.optional(oauthText),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }): OAuthSettings => {
    const { access_token, token_url, client_id, client_secret, refresh_token, scope } = dataset.value;
    const ofEndpoint = [token_url, client_id, client_secret, refresh_token, scope];
    if (access_token !== undefined && ofEndpoint.every((given) => given === undefined)) {
      return { accessToken: access_token };
    }
    if (
      access_token === undefined &&
      token_url !== undefined &&
      client_id !== undefined &&
      client_secret !== undefined
    ) {
      return {
        tokenUrl: token_url,
        clientId: client_id,
        clientSecret: client_secret,
        ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
        ...(scope === undefined ? {} : { scope }),
      };
    }
    addIssue({ message: 'expected access_token alone, or token_url, client_id and client_secret' });
    return NEVER;
  }),
);

export const weight = integer(1, 100);

const MAX_LIMIT = 1_000_000_000;
const limit = integer(1, MAX_LIMIT);
export const limitUnit = v.picklist(['message', 'recipient']);
export const limitBehavior = v.picklist(['defer', 'reject']);

/** Rate limits as they are given; null for none. */
export const limitFields = {
  limit_per_minute: v.nullish(limit),
  limit_per_hour: v.nullish(limit),
  limit_per_day: v.nullish(limit),
  limit_unit: v.nullish(limitUnit),
};

/** Rate limits as they are shown. */
export const limitOutputs = {
  limit_per_minute: v.nullable(v.number()),
  limit_per_hour: v.nullable(v.number()),
  limit_per_day: v.nullable(v.number()),
  limit_unit: limitUnit,
};

/** Whether the key belongs to the first of the certificates. Both must be readable. */
export function isKeyOf(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // A key of another kind than the certificate's.
    return false;
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === 'private';
  } catch {
    return false;
  }
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function isTokenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password: secret } = new URL(text);
  if (username !== '' || secret !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

function holdsCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate);
}

function isCertificate(pem: string): boolean {
  try {
    // Throws unless it can be read.
    return new X509Certificate(pem).subject !== null;
  } catch {
    return false;
  }
}

/** - `failures`: its credentials or TLS settings failed; when it is over, one message tries it.
 *  - `manual`: somebody paused it. */
export const pauseKind = v.picklist(['failures', 'manual']);
