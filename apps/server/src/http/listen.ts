// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import { type Clock, MailProxyError } from '@mail-proxy/core';
import type { Hono } from 'hono';
import { type BodyLimits, maxBytesOf } from './body-limits.ts';
import type { HttpEnv } from './context.ts';
import { problemDocument } from './problem.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly limits: BodyLimits;
  /** Connections at the same time; more are closed at once. @defaultValue any number */
  readonly maxConnections?: number;
  readonly clock: Clock;
}

/** A port that answers. */
export interface Listener extends AsyncDisposable {
  /** `http://HOST:PORT`, with the real port. */
  readonly url: string;
  /** Take no new connection; running requests have `graceMs` to end, then they are cut. */
  close(graceMs: number): Promise<void>;
}

const SERVER_OPTIONS = {
  /** Headers take one round trip; a client that dribbles them is an attack (slowloris). */
  headersTimeout: 15_000,
  /** Sixty-four megabytes, a form with its files, in five minutes are 1.7 Mbit/s. */
  requestTimeout: 300_000,
  /** Longer than the minute for which load balancers keep a connection, or they would send into a closed one. */
  keepAliveTimeout: 65_000,
  /** How often Node looks at the two deadlines above. */
  connectionsCheckingInterval: 5_000,
} as const;

/**
 * Serve an app on a port.
 *
 * @throws Error with Node's code, as EADDRINUSE
 */
export async function listen(app: Hono<HttpEnv>, options: ListenOptions): Promise<Listener> {
  const { host, port, limits, clock } = options;
  const answer = getRequestListener(app.fetch, { hostname: host, errorHandler: unreadable });
  const server = createServer(SERVER_OPTIONS, (request, response) => void answer(request, response));
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Not encouraged to send what is refused anyway, the client never starts.
    const { 'content-length': length = 0, 'content-type': type } = request.headers;
    if (!(Number(length) > maxBytesOf(type, limits))) response.writeContinue();
    void answer(request, response);
  });
  server.listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');

  const close = async (graceMs: number): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    using _deadline = clock.after(graceMs, () => server.closeAllConnections());
    await closed;
  };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

/** What never became a request of the app: a target or a Host header that is no URL. */
function unreadable(error: unknown): Response {
  const code = error instanceof RequestError ? 'malformed_request' : 'internal';
  const document = problemDocument(new MailProxyError(code, { cause: error }), randomUUID());
  const headers = { 'content-type': 'application/problem+json', 'x-content-type-options': 'nosniff' };
  return new Response(JSON.stringify(document), { status: document.status, headers });
}
