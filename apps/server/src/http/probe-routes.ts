// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Hono } from 'hono';
import type { HttpEnv, ServedEngine } from './context.ts';
import { respondJson } from './response-headers.ts';

const STOPPING = { ready: false, reasons: ['the server is stopping'] };

/** Serve what an orchestrator asks: is the process alive, may it be sent requests. No token, no secrets. */
export function addProbeRoutes(
  app: Hono<HttpEnv>,
  engine: Pick<ServedEngine, 'ready'>,
  { isStopping }: { readonly isStopping: () => boolean },
): void {
  app.get('/livez', (c) => respondJson(c, { status: 'ok' }));
  // The original's name for it.
  app.get('/health', (c) => respondJson(c, { status: 'ok' }));
  app.get('/readyz', async (c) => {
    const { ready, reasons } = isStopping() ? STOPPING : await engine.ready();
    if (ready) return respondJson(c, { status: 'ready', reasons: [] });
    return respondJson(c, { status: 'unavailable', reasons }, { status: 503 });
  });
}
