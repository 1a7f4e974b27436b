// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import type { Hono } from 'hono';
import { isLoopback } from '../env/loopback.ts';
import type { HttpContext, HttpEnv, ServedEngine } from './context.ts';
import { respond } from './response-headers.ts';
import { tokenOf } from './token.ts';

export interface MetricsAccess {
  /** Without a token, to this machine. */
  readonly isOpen: boolean;
  /** Without a token, to whoever asks. @defaultValue false */
  readonly isPublic?: boolean;
}

/**
 * Serve the metrics to an admin and to the metrics token, and without a token where only this machine can ask.
 */
export function addMetricsRoute(
  app: Hono<HttpEnv>,
  engine: Pick<ServedEngine, 'authenticate' | 'metricsText'>,
  { isOpen, isPublic = false }: MetricsAccess,
): void {
  app.get('/metrics', async (c) => {
    const { kind } = await engine.authenticate(tokenOf(c.req.raw.headers), { address: c.get('clientAddress') });
    if (kind === 'tenant') throw new MailProxyError('forbidden', { detail: "a tenant's key does not read metrics" });
    if (kind === 'anonymous' && !isPublic && !(isOpen && namesThisMachine(c)))
      throw new MailProxyError('unauthenticated');
    const { contentType, body } = await engine.metricsText();
    return respond(c, body, { headers: { 'content-type': contentType } });
  });
}

/** A web page whose name its owner points at 127.0.0.1 asks under that name. */
function namesThisMachine(c: HttpContext): boolean {
  return isLoopback(new URL(c.req.url).hostname);
}
