// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { line } from '../../operations/fields.ts';

const VISIBLE_ASCII = /^[\u0021-\u007e]*$/;

/** Credentials for the tenant's own endpoint. */
export const clientAuth = v.variant('method', [
  v.strictObject({ method: v.literal('none') }),
  v.strictObject({
    method: v.literal('bearer'),
    // It stands in a header as it is.
    token: v.pipe(
      v.string(),
      v.minLength(1, 'expected at least 1 character'),
      v.maxLength(4_096, 'expected at most 4096 characters'),
      v.regex(VISIBLE_ASCII, 'expected visible ASCII characters'),
    ),
  }),
  v.strictObject({
    method: v.literal('basic'),
    // RFC 7617: the first colon ends the user.
    user: v.pipe(line(255), v.regex(/^[^:]*$/, 'expected no colon')),
    password: line(1_000),
  }),
]);
export type ClientAuth = v.InferOutput<typeof clientAuth>;

/** The header that says it, where it says anything. */
export function authorization(auth: ClientAuth): { readonly authorization?: string } {
  switch (auth.method) {
    case 'none':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}` };
    default:
      return auth satisfies never;
  }
}
