// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ERRORS, type InputProblem, isMailProxyError, type Log, MailProxyError } from '@mail-proxy/core';
import type { HttpContext } from './context.ts';
import { respond, shownPath } from './response-headers.ts';

/** A problem document (RFC 9457). Clients decide by `code`; texts are for people. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** The id of the request, as in X-Request-Id and in the server's log. */
  readonly instance: string;
  /** Each field that failed, by JSON pointer (RFC 6901) or by the name of the parameter. */
  readonly errors?: readonly InputProblem[];
  readonly [extra: string]: unknown;
}

/** What is not available now may be so again after this; a restart of the database takes about as long. */
const RETRY_AFTER_MS = 5_000;

/** Answer with what went wrong, and log what is our fault. */
export function problemResponse(c: HttpContext, thrown: unknown, log: Log): Response {
  const error = isMailProxyError(thrown) ? thrown : new MailProxyError('internal', { cause: thrown });
  const { status } = ERRORS[error.code];
  const document = problemDocument(error, c.get('requestId'));
  // Of what is refused to keep the server going, each line would be work more; a metric counts it.
  if (status >= 500 && error.code !== 'overloaded') {
    // What was thrown, not what we made of it: its stack leads to the bug.
    const fields = { requestId: document.instance, method: c.req.method, path: shownPath(c), code: error.code };
    log.error({ ...fields, err: thrown }, 'a request failed');
  }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  // RFC 9110 §15.5.2: a 401 names the scheme that would be accepted.
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="mail-proxy"';
  const retryAfterMs = error.retryAfterMs ?? (status === 503 ? RETRY_AFTER_MS : undefined);
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  Object.assign(headers, rateLimitHeaders(error));
  return respond(c, JSON.stringify(document), { status, headers });
}

/**
 * Tell which limit is reached and when it opens (draft-ietf-httpapi-ratelimit-headers): the policy is the number of
 * messages in a window of seconds, nothing of it is left.
 */
function rateLimitHeaders({ code, extra, retryAfterMs }: MailProxyError): Record<string, string> {
  const { scope, limit, window_seconds: windowSeconds } = extra;
  if (code !== 'rate_limited' || scope === undefined || limit === undefined || windowSeconds === undefined) return {};
  const seconds = Math.ceil((retryAfterMs ?? 0) / 1_000);
  return {
    'ratelimit-policy': `"${scope}";q=${limit};w=${windowSeconds}`,
    ratelimit: `"${scope}";r=0;t=${seconds}`,
  };
}

/** What is ours to know stays with us: of a 5xx, the client learns the code and the id to ask for. */
export function problemDocument(error: MailProxyError, requestId: string): ProblemDocument {
  const { status, title } = ERRORS[error.code];
  const isOurs = status >= 500;
  return {
    ...(isOurs ? {} : error.extra),
    type: `urn:mail-proxy:error:${error.code}`,
    title,
    status,
    detail: isOurs ? title : error.message,
    code: error.code,
    instance: requestId,
    ...(isOurs || error.problems.length === 0 ? {} : { errors: error.problems }),
  };
}
