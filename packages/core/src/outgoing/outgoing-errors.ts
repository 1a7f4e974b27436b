// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, MailProxyError } from '../errors.ts';
import type { OutgoingFailureKind } from './outgoing-http.types.ts';

/** What asking again later does not change: the answer, not the way to it, is at fault. */
const FOR_GOOD: ReadonlySet<OutgoingFailureKind> = new Set(['too_large', 'redirects', 'encoding']);

/** Codes of the resolver, of undici and of zlib; what is in none of them happened to the connection. */
const KINDS_BY_CODE: readonly (readonly [pattern: RegExp, kind: OutgoingFailureKind, words: string])[] = [
  [/^(ENOTFOUND|ENODATA|ESERVFAIL|EAI_)/, 'dns', 'the name cannot be resolved'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'timeout', 'the server does not take the connection'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'too_large', 'the headers of the answer are too large'],
  [/^(Z_|ERR__ERROR_|ERR_BROTLI_)/, 'encoding', 'the answer cannot be decompressed'],
  // Codes of OpenSSL's verification have no prefix.
  [/^(EPROTO$|ERR_(TLS|SSL|OSSL)_|UNABLE_TO_)|CERT/, 'tls', 'TLS failed'],
];

export interface FailureOptions {
  /** @defaultValue by `kind` */
  readonly temporary?: boolean;
  readonly cause?: unknown;
}

export function outgoingFailed(
  kind: OutgoingFailureKind,
  detail: string,
  { temporary = !FOR_GOOD.has(kind), cause }: FailureOptions = {},
): MailProxyError {
  return new MailProxyError('outgoing_failed', { detail, extra: { kind, temporary }, cause });
}

/** Name a failure. The text has its code and never its message: that of a header that cannot be sent may quote it. */
export function toOutgoingError(error: unknown): unknown {
  // What undici or a stream was given to fail with comes back as it is.
  if (isMailProxyError(error)) return error;
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const { code } = error;
  if (code === 'UND_ERR_INVALID_ARG') {
    return outgoingFailed('connect', 'the request cannot be sent: a header holds what none may', {
      temporary: false,
      cause: error,
    });
  }
  const [, kind, words] = KINDS_BY_CODE.find(([pattern]) => pattern.test(code)) ?? CONNECTION;
  return outgoingFailed(kind, `${words}: ${code}`, { cause: error });
}

const CONNECTION = [null, 'connect', 'the connection failed'] as const;
