// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, type Log, MailProxyError, type PublicRoute } from '@mail-proxy/core';
import type { Hono } from 'hono';
import { allowedMethods } from './allowed-methods.ts';
import { attendedBody } from './attended-body.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { type OpenAnswerLimits, OpenAnswers } from './open-answers.ts';
import { respond } from './response-headers.ts';

export interface PublicRouteOptions {
  readonly limits: OpenAnswerLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** A client that takes nothing for so long has gone, or never meant to take it. */
export const STALLED_MS = 60_000;

/** Stands in the log; nobody gets it. */
const CLIENT_GONE = 499;

interface Attending extends Omit<PublicRouteOptions, 'limits'> {
  readonly open: OpenAnswers;
}

/**
 * Serve what mixins answer to anybody. It comes after all other routes.
 *
 * @throws {MailProxyError} `mixin_broken` for a path that is served already
 */
export function addPublicRoutes(
  app: Hono<HttpEnv>,
  routes: readonly PublicRoute[],
  { limits, ...options }: PublicRouteOptions,
): void {
  const isTaken = allowedMethods(app.routes);
  const open = new OpenAnswers(limits);
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    if (isTaken(route.path).length > 0) {
      throw new MailProxyError('mixin_broken', { detail: `the server has another use for the route ${route.path}` });
    }
    app.get(path, (c) => answer(c, route, { open, ...options }));
  }
}

async function answer(c: HttpContext, route: PublicRoute, { open, clock, log }: Attending): Promise<Response> {
  // It may hold what opens something.
  c.set('shownPath', route.path);
  const place = open.take(c.get('clientAddress'));
  const ended = (): void => place[Symbol.dispose]();
  try {
    // Each parameter of a path that matched is there.
    const given = await route.handle(c.req.raw, c.req.param() as Record<string, string>);
    const about = { status: given.status, headers: Object.fromEntries(given.headers) };
    const { body } = given;
    if (body === null || c.req.method === 'HEAD') {
      await body?.cancel();
      ended();
      return respond(c, null, about);
    }
    const cut = (reason: unknown): boolean => {
      const fields = { requestId: c.get('requestId'), path: route.path };
      if (reason === null) log.info(fields, 'a client took nothing of an answer any more');
      else log.warn({ ...fields, err: reason }, 'an answer failed before its end');
      const { outgoing } = c.env ?? {};
      outgoing?.destroy();
      return outgoing !== undefined;
    };
    return respond(c, attendedBody(body, { clock, stalledMs: STALLED_MS, ended, cut }), about);
  } catch (error) {
    ended();
    // What it waited for was told to stop: nobody is there to be answered, and nothing is wrong here.
    if (c.req.raw.signal.aborted) return respond(c, null, { status: CLIENT_GONE });
    throw error;
  }
}
