// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Hono } from 'hono';
import type { HttpEnv, ServedEngine } from './context.ts';

/** Serve what an orchestrator asks: is the process alive, may it be sent requests. No token, no secrets. */
export function addProbeRoutes(
  app: Hono<HttpEnv>,
  engine: Pick<ServedEngine, 'ready'>,
  { isStopping }: { readonly isStopping: () => boolean },
): void {
  app.get('/livez', (c) => c.json({ status: 'ok' }));
  // The original's name for it.
  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    if (isStopping()) return c.json({ status: 'unavailable', reasons: ['the server is stopping'] }, 503);
    const { ready, reasons } = await engine.ready();
    return ready ? c.json({ status: 'ready', reasons: [] }) : c.json({ status: 'unavailable', reasons }, 503);
  });
}
