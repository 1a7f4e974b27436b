// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OutgoingRequest, OutgoingResponse } from '../../outgoing/outgoing-http.types.ts';
import { discardBody } from '../../outgoing/response-body.ts';
import { parseRetryAfter } from '../../outgoing/retry-after.ts';
import type { AttachmentBody } from '../attachment-body.ts';
import { AttachmentFailure, type AttachmentFailureCode } from '../attachment-failure.ts';
import type { ServerContext } from './source-context.ts';

type Question = Pick<OutgoingRequest, 'method' | 'url' | 'headers' | 'body'>;
type Credentials = NonNullable<OutgoingRequest['credentials']>;

const MAX_REDIRECTS = 5;
/** A server that asks for more than a day has its date wrong, or the message has no time left for that. */
const MAX_RETRY_AFTER_MS = 86_400_000;
/** OK, Created, Non-Authoritative Information. Other successes (RFC 9110 §15.3) come without the file, or with a part. */
const WITH_FILE: ReadonlySet<number> = new Set([200, 201, 203]);
/** Accepted, and what says that it was asked at a bad moment. */
const LATER: ReadonlySet<number> = new Set([202, 408, 425, 429]);

/**
 * Ask a server for the bytes of an attachment.
 *
 * @throws {AttachmentFailure} when it answers anything else; what {@link OutgoingHttp} throws
 */
export async function askServer(question: Question, context: ServerContext): Promise<AttachmentBody> {
  const { http, clock, limits, tenant, signal } = context;
  const credentials = credentialsFor(question.url, context);
  const response = await http.request({
    ...question,
    ...limits,
    maxRedirects: MAX_REDIRECTS,
    ...(credentials === null ? {} : { credentials }),
    ...(tenant.policy === undefined ? {} : { policy: tenant.policy }),
    signal,
  });
  // The client holds the answer to the length that it names, and to the limit.
  if (WITH_FILE.has(response.status)) return { sizeBytes: null, body: response.body };
  await discardBody(response.body);
  throw failureOf(response, clock.now());
}

/** The client takes them to their own origin only, so that the tenant's go nowhere but home. */
function credentialsFor(url: string, { auth, tenant }: ServerContext): Credentials | null {
  if (auth === 'none') return null;
  if (auth !== null) return { origin: url, headers: auth };
  return tenant.clientBaseUrl === null ? null : { origin: tenant.clientBaseUrl, headers: tenant.clientAuth };
}

function failureOf({ status, headers }: OutgoingResponse, now: number): AttachmentFailure {
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now);
  return new AttachmentFailure(codeOf(status), `the server answered ${status}`, {
    retryAfterMs: retryAfterMs === null ? null : Math.min(retryAfterMs, MAX_RETRY_AFTER_MS),
  });
}

function codeOf(status: number): AttachmentFailureCode {
  if (status === 401 || status === 403) return 'no_access';
  if (status >= 500 || LATER.has(status)) return 'unavailable';
  return status === 404 || status === 410 ? 'not_found' : 'refused';
}
