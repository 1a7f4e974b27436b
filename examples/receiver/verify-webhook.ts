// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds by which the clocks of both sides may differ, and a call may have been on its way. */
const TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';

/** What a call says of itself. */
export interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/**
 * Check that a call was signed with one of the secrets, not long ago. Standard Webhooks; libraries for many languages do
 * the same. The body has to be the bytes that came: JSON that was parsed and written again is another text.
 *
 * @param now - seconds since the epoch
 */
export function isSigned(
  secrets: readonly string[],
  { id, timestamp, signature }: WebhookHeaders,
  { body, now }: { readonly body: Uint8Array; readonly now: number },
): boolean {
  if (id === undefined || timestamp === undefined || signature === undefined) return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const given = signature
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [Buffer.from(one.slice(3), 'base64')] : []));
  return secrets.some((secret) => {
    const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
    // Whoever knows that it is empty could sign with it.
    if (key.length === 0) return false;
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
}
