// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac } from 'node:crypto';

/** What a signature covers besides the secret. */
export interface SignedCall {
  /** The same each time the same batch is told. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly payload: string;
}

const PREFIX = 'whsec_';

/**
 * Sign a call: `v1,<base64>`, HMAC-SHA256 over id, timestamp and body, under the bytes that the secret is the base64 of.
 *
 * @param secret - `whsec_<base64>`; the prefix may be missing
 * @see https://www.standardwebhooks.com
 */
export function signatureOf(secret: string, { id, timestamp, payload }: SignedCall): string {
  const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`, 'utf8').digest('base64')}`;
}

/** The headers of Standard Webhooks; a signature by each of the secrets, none where there is no secret. */
export function webhookHeaders(secrets: readonly string[], call: SignedCall): Readonly<Record<string, string>> {
  const headers = { 'webhook-id': call.id, 'webhook-timestamp': String(call.timestamp) };
  if (secrets.length === 0) return headers;
  return { ...headers, 'webhook-signature': secrets.map((secret) => signatureOf(secret, call)).join(' ') };
}
