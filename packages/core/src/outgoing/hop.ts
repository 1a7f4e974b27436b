// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type DestinationRules, parseDestination } from './destination.ts';
import { outgoingFailed } from './outgoing-errors.ts';
import type { OutgoingRequest, OutgoingResponse } from './outgoing-http.types.ts';

/** One request of a call, which redirects may make several. */
export interface Hop {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** Of this origin; null once the call has left it, and for good: who sent it back chose where to. */
  readonly credentials: Readonly<Record<string, string>> | null;
}

/** Set by the client alone: they say where the request goes and where it ends. */
const RESERVED = /^(host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|keep-alive)$/i;
/** Not to be sent to another origin, even by a caller that did not call them credentials. */
const SENSITIVE = /^(authorization|proxy-authorization|cookie)$/i;
const OF_THE_BODY = /^content-/i;

export function firstHop(request: OutgoingRequest, rules: DestinationRules): Hop {
  const { method = 'GET', credentials, headers = {}, body = null } = request;
  const url = parseDestination(request.url, rules);
  const isOwn = credentials !== undefined && URL.parse(credentials.origin)?.origin === url.origin;
  return {
    method,
    url,
    // What is counted is what was sent: no small answer unfolds into a large one, unless its server insists.
    headers: { 'user-agent': 'mail-proxy', 'accept-encoding': 'identity', ...without(headers, RESERVED) },
    body,
    credentials: isOwn ? without(credentials.headers, RESERVED) : null,
  };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type RedirectAnswer = Pick<OutgoingResponse, 'status' | 'headers'>;

export function isRedirect({ status, headers }: RedirectAnswer): boolean {
  return REDIRECTS.has(status) && headers['location'] !== undefined;
}

/**
 * Where a redirect sends the call.
 *
 * @throws {MailProxyError} `address_not_allowed`; `outgoing_failed`: `redirects` where following it would show
 * something to somebody whom it was not meant for
 * @see RFC 9110 §15.4
 */
export function nextHop(hop: Hop, { status, headers: answered }: RedirectAnswer, rules: DestinationRules): Hop {
  const url = parseDestination(answered['location'] ?? '', rules, hop.url);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw outgoingFailed('redirects', 'a redirect leads from https to http');
  }
  const isSameOrigin = url.origin === hop.url.origin;
  // As browsers do it, 301 and 302 turn a POST into a GET like 303 does.
  const becomesGet = hop.method === 'POST' && status < 307;
  if (hop.method === 'POST' && !becomesGet && !isSameOrigin) {
    throw outgoingFailed('redirects', 'a redirect leads a POST to another origin');
  }
  const headers = isSameOrigin ? hop.headers : without(hop.headers, SENSITIVE);
  return {
    url,
    ...(becomesGet
      ? { method: 'GET', headers: without(headers, OF_THE_BODY), body: null }
      : { method: hop.method, headers, body: hop.body }),
    credentials: isSameOrigin ? hop.credentials : null,
  };
}

/** In lower case, so that none is there twice. */
function without(headers: Readonly<Record<string, string>>, pattern: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !pattern.test(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}
