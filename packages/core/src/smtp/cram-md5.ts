// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac } from 'node:crypto';

/** The answer to the challenge of AUTH CRAM-MD5, both in Base64. @see RFC 2195 §2 */
export function cramMd5Response(user: string, password: string, challenge: string): string {
  const digest = createHmac('md5', password).update(Buffer.from(challenge, 'base64')).digest('hex');
  return Buffer.from(`${user} ${digest}`, 'utf8').toString('base64');
}
