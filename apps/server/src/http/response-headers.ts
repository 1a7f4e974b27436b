// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import type { Clock, Log } from '@mail-proxy/core';
import type { MiddlewareHandler } from 'hono';
import { clientAddress, type TrustedProxies } from './client-address.ts';
import type { HttpContext, HttpEnv } from './context.ts';

/**
 * For every answer: it is data for programs, neither to be kept by a cache nor taken for a page. What is one sets its
 * own policy over this.
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

export interface EveryRequestOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly isStopping: () => boolean;
  readonly proxies: TrustedProxies;
}

/** Give every request an id and the address of its client, every answer its headers, and the log a line at debug level. */
export function everyRequest({ log, clock, isStopping, proxies }: EveryRequestOptions): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const startedAt = clock.monotonic();
    const requestId = requestIdOf(c.req.raw.headers.get('x-request-id'));
    c.set('requestId', requestId);
    c.set('clientAddress', clientAddress(c.env?.incoming?.socket.remoteAddress, c.req.raw.headers, proxies));
    // A connection kept alive would hold up the end.
    const connection = isStopping() ? { connection: 'close' } : {};
    c.set('headers', { ...HEADERS, 'x-request-id': requestId, ...connection });
    await next();
    const ms = Math.round(clock.monotonic() - startedAt);
    log.debug({ requestId, method: c.req.method, path: shownPath(c), status: c.res.status, ms }, 'request answered');
  };
}

/** The path as it may stand in the log. */
export function shownPath(c: HttpContext): string {
  return c.get('shownPath') ?? c.req.path;
}

/** Have a header in the answer, whichever it becomes. */
export function addHeader(c: HttpContext, name: Lowercase<string>, value: string): void {
  c.set('headers', { ...c.get('headers'), [name]: value });
}

export interface AnswerOptions {
  /** @defaultValue 200 */
  readonly status?: number;
  /** In lower case; they replace those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Make an answer, with the headers of every one. They stay a plain object, which Node's server takes as it is: the
 * framework's own ways copy them twice, into a sorted map and out of it.
 */
export function respond(
  c: HttpContext,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
  { status = 200, headers = {} }: AnswerOptions = {},
): Response {
  return new Response(body, { status, headers: { ...c.get('headers'), ...headers } });
}

/** The same for a value in JSON. */
export function respondJson(c: HttpContext, value: unknown, options: AnswerOptions = {}): Response {
  const headers = { 'content-type': 'application/json', ...options.headers };
  return respond(c, JSON.stringify(value), { ...options, headers });
}

/** The client's own id if it is one that can stand in a log and a header as it is. */
function requestIdOf(given: string | null): string {
  return given !== null && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}
