// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, type Log, MailProxyError, silentLog, systemClock, VERSION } from '@mail-proxy/core';
import { Hono } from 'hono';
import { addDashboardRoutes } from '../dashboard/routes.ts';
import type { WebFiles } from '../dashboard/web-files.ts';
import { addDocsRoutes } from '../docs/routes.ts';
import { type AllowedMethods, allowedMethods } from './allowed-methods.ts';
import { bodyLimits } from './body-limits.ts';
import { NO_PROXIES, type TrustedProxies } from './client-address.ts';
import type { HttpContext, HttpEnv, ServedEngine } from './context.ts';
import type { GenroConfig } from './genro/genro-options.ts';
import { addGenroRoutes } from './genro/genro-routes.ts';
import { addMetricsRoute } from './metrics-route.ts';
import type { OpenAnswerLimits } from './open-answers.ts';
import { addOperationRoutes } from './operation-routes.ts';
import { addProbeRoutes } from './probe-routes.ts';
import { problemResponse } from './problem.ts';
import { addPublicRoutes } from './public-routes.ts';
import { addHeader, everyRequest, respond, respondJson } from './response-headers.ts';

export interface HttpAppOptions {
  /** Bytes of a request's body; of a form, without its files. @defaultValue 12 MiB */
  readonly maxBodyBytes?: number;
  /** Whether /metrics answers without a token: only where nobody but this machine can ask. @defaultValue false */
  readonly isMetricsOpen?: boolean;
  /** Turns /readyz to 503 and lets kept connections end. @defaultValue never */
  readonly isStopping?: () => boolean;
  /** Aborts when the server stops: calls that wait for something are answered. @defaultValue never */
  readonly stopping?: AbortSignal;
  /** @defaultValue none: clients are where connections come from */
  readonly proxies?: TrustedProxies;
  /** Answers under way on paths that mixins serve to anybody. @defaultValue 200, of these 20 to one address */
  readonly publicRoutes?: OpenAnswerLimits;
  /** Files of the dashboard, served at the root; null where it was not built. @defaultValue the root leads to the reference */
  readonly dashboard?: WebFiles | null | undefined;
  /** Serves the calls of genro-mail-proxy, too. @defaultValue it does not */
  readonly genro?: GenroConfig | null;
  /** @defaultValue silent */
  readonly log?: Log;
  readonly clock?: Clock;
}

const MAX_BODY_BYTES = 12_582_912;
const OPEN_ANSWERS: OpenAnswerLimits = { maxOpen: 200, maxOpenPerClient: 20 };

/**
 * Make the HTTP surface of an engine: every operation under its path, probes, metrics, the OpenAPI document and its
 * rendered reference. It listens nowhere by itself.
 *
 * @example
 * ```ts
 * await using engine = await createMailEngine({ config: { database: './mail.db', adminToken } });
 * serve({ fetch: createHttpApp(engine).fetch, hostname: '127.0.0.1', port: 8000 });
 * ```
 */
export function createHttpApp(engine: ServedEngine, options: HttpAppOptions = {}): Hono<HttpEnv> {
  const { maxBodyBytes = MAX_BODY_BYTES, isMetricsOpen = false, isStopping = () => false, genro = null } = options;
  const { log = silentLog, clock = systemClock, publicRoutes = OPEN_ANSWERS } = options;
  const app = bareApp({ ...options, isStopping });
  const limits = bodyLimits(maxBodyBytes, engine.uploads);
  addOperationRoutes(app, engine, { limits, stopping: options.stopping });
  addProbeRoutes(app, engine, { isStopping });
  addMetricsRoute(app, engine, { isOpen: isMetricsOpen, isPublic: genro?.settings.openMetrics === true });
  addDocsRoutes(app, { operations: engine.operations, version: VERSION });
  addDashboardRoutes(app, options.dashboard);
  addPublicRoutes(app, engine.routes, { limits: publicRoutes, clock, log });
  if (genro !== null) addGenroRoutes(app, engine, { ...genro, maxBodyBytes, log, clock });
  return answerTheRest(app, log);
}

/** Make the surface of an address that serves metrics and /livez only. */
export function createMetricsApp(engine: ServedEngine, options: HttpAppOptions = {}): Hono<HttpEnv> {
  const { isMetricsOpen = false, isStopping = () => false } = options;
  const app = bareApp({ ...options, isStopping });
  addMetricsRoute(app, engine, { isOpen: isMetricsOpen });
  app.get('/livez', (c) => respondJson(c, { status: 'ok' }));
  return answerTheRest(app, options.log ?? silentLog);
}

function bareApp({
  log = silentLog,
  clock = systemClock,
  proxies = NO_PROXIES,
  isStopping,
}: HttpAppOptions & { readonly isStopping: () => boolean }): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.use(everyRequest({ log, clock, isStopping, proxies }));
  app.onError((error, c) => problemResponse(c, error, log));
  return app;
}

/** Once all routes are there: what they leave over. */
function answerTheRest(app: Hono<HttpEnv>, log: Log): Hono<HttpEnv> {
  const allowed = allowedMethods(app.routes);
  app.notFound((c) => unrouted(c, allowed, log));
  return app;
}

function unrouted(c: HttpContext, allowed: AllowedMethods, log: Log): Response {
  const { method, path } = c.req;
  const methods = allowed(path);
  if (methods.length === 0) {
    return problemResponse(c, new MailProxyError('not_found', { detail: 'nothing is served on this path' }), log);
  }
  const allow = methods.join(', ');
  addHeader(c, 'allow', allow);
  // No Access-Control headers: web pages of other origins have no business here.
  if (method === 'OPTIONS') return respond(c, null, { status: 204 });
  return problemResponse(c, new MailProxyError('method_not_allowed', { detail: `expected ${allow}` }), log);
}
