// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Hono } from 'hono';
import type { HttpContext, HttpEnv, ServedEngine } from '../context.ts';
import { respondJson } from '../response-headers.ts';
import { accountRoutes } from './accounts.ts';
import { openCall } from './call.ts';
import { commandRoutes } from './commands.ts';
import type { GenroOptions } from './genro-options.ts';
import type { GenroHandler, GenroRoutes } from './genro-routes.types.ts';
import { instanceRoutes } from './instance.ts';
import { messageRoutes } from './messages.ts';
import { refusal } from './refusal.ts';
import { rpcAccountRoutes } from './rpc-accounts.ts';
import { rpcInstanceRoutes } from './rpc-instance.ts';
import { rpcMessageRoutes } from './rpc-messages.ts';
import { rpcTenantRoutes } from './rpc-tenants.ts';
import { tenantRoutes } from './tenants.ts';

const ROUTES: GenroRoutes = {
  ...commandRoutes,
  ...messageRoutes,
  ...accountRoutes,
  ...tenantRoutes,
  ...instanceRoutes,
  ...rpcAccountRoutes,
  ...rpcInstanceRoutes,
  ...rpcMessageRoutes,
  ...rpcTenantRoutes,
};

/**
 * Serve the calls of genro-mail-proxy 0.6, and those of 0.7 as `/ENTITY/METHOD`, by the operations of the engine. Names, shapes, times and status codes are
 * its; what is done, and who may have it done, is the operations' to say.
 */
export function addGenroRoutes(app: Hono<HttpEnv>, engine: ServedEngine, options: GenroOptions): void {
  for (const [route, handle] of Object.entries(ROUTES)) {
    const [method = '', path = ''] = route.split(' ');
    app.on(method, path, (c) => answer(c, handle));
  }

  async function answer(c: HttpContext, handle: GenroHandler): Promise<Response> {
    try {
      using place = engine.takeRequest();
      const answered = await handle(await openCall(c, { engine, options, place }));
      return answered instanceof Response ? answered : respondJson(c, answered);
    } catch (error) {
      return refusal(c, error, options.log);
    }
  }
}
