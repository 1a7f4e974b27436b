// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { MailEngine } from '@mail-proxy/core';
import type { Context } from 'hono';
import type { ReadableRequest } from './read-body.ts';

/** What HTTP uses of the engine. */
export type ServedEngine = Pick<
  MailEngine,
  | 'operations'
  | 'routes'
  | 'execute'
  | 'authenticate'
  | 'authorise'
  | 'uploads'
  | 'uploadsOf'
  | 'takeRequest'
  | 'ready'
  | 'metricsText'
>;

/** What a request carries through the handlers. */
export interface HttpEnv {
  /** Absent when the app is called without a socket, as an embedder may. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    /** Where the client is, as far as trusted proxies tell; undefined without a socket. */
    clientAddress: string | undefined;
    /** In place of the path, where that is not to be in the log. */
    shownPath?: string;
    /** What every answer to it has. */
    headers: Readonly<Record<string, string>>;
  };
}

export type HttpContext = Context<HttpEnv>;

export function readableOf(c: HttpContext): ReadableRequest {
  const incoming: unknown = c.env?.incoming;
  // An embedder may have one of its own making, which tells of the socket alone.
  return { raw: c.req.raw, incoming: incoming instanceof Readable ? incoming : undefined };
}
