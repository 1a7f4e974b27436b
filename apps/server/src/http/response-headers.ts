// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import type { Clock, Log } from '@mail-proxy/core';
import type { MiddlewareHandler } from 'hono';
import { clientAddress, type TrustedProxies } from './client-address.ts';
import type { HttpEnv } from './context.ts';

/**
 * For every answer: it is data for programs, neither to be kept by a cache nor taken for a page. What is one sets its
 * own policy over this.
 */
const HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
  ['x-frame-options', 'DENY'],
] as const;

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
    c.header('x-request-id', requestId);
    for (const [name, value] of HEADERS) c.header(name, value);
    // A connection kept alive would hold up the end.
    if (isStopping()) c.header('connection', 'close');
    await next();
    const ms = Math.round(clock.monotonic() - startedAt);
    log.debug({ requestId, method: c.req.method, path: c.req.path, status: c.res.status, ms }, 'request answered');
  };
}

/** The client's own id if it is one that can stand in a log and a header as it is. */
function requestIdOf(given: string | null): string {
  return given !== null && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}
