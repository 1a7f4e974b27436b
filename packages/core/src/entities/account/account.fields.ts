// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as v from 'valibot';
import { line } from '../../operations/fields.ts';

/** A name of the DNS has 253 characters at most (RFC 1035, 2.3.4, without the closing dot). */
const MAX_HOST_LENGTH = 253;
/** A bundle of many authorities still fits. */
const MAX_PEM_LENGTH = 100_000;

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

/** SASL mechanisms end a user and a password with NUL (RFC 4616). */
export const user = v.pipe(line(255), v.minLength(1, 'expected at least 1 character'));
export const password = v.pipe(line(1_000), v.minLength(1, 'expected at least 1 character'));

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
