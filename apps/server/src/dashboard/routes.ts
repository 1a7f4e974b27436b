// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Hono } from 'hono';
import type { HttpContext, HttpEnv } from '../http/context.ts';
import { respond, respondJson } from '../http/response-headers.ts';
import { MAIL_FRAME, MAIL_POLICY } from './mail-frame.ts';
import type { WebFile, WebFiles } from './web-files.ts';

/** What the dashboard may do: its own files, calls of this server, frames of this server. Nothing inline, nothing from elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** An asset never changes: what is built anew has another name. */
const FOREVER = 'public, max-age=31536000, immutable';

const NOT_BUILT = {
  name: 'mail-proxy',
  detail: 'the dashboard was not built; the API is under /v1, its reference under /docs',
};

/**
 * Serve the dashboard at the root.
 *
 * @param files - null where it was not built; undefined where it is not to be served: the root leads to the reference
 */
export function addDashboardRoutes(app: Hono<HttpEnv>, files: WebFiles | null | undefined): void {
  if (files === undefined) {
    app.get('/', (c) => respond(c, null, { status: 302, headers: { location: '/docs' } }));
    return;
  }
  if (files === null) {
    app.get('/', (c) => respondJson(c, NOT_BUILT));
    return;
  }
  app.get('/', (c) => send(c, files.index, { 'content-security-policy': POLICY }));
  for (const [name, file] of files.assets) {
    app.get(`/assets/${name}`, (c) => send(c, file, { 'cache-control': FOREVER }));
  }
  app.get('/mail-frame', (c) => {
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': MAIL_POLICY,
      'x-frame-options': 'SAMEORIGIN',
      'x-dns-prefetch-control': 'off',
    };
    return respond(c, MAIL_FRAME, { headers });
  });
}

function send(c: HttpContext, { type, bytes, gzipped }: WebFile, more: Readonly<Record<string, string>>): Response {
  const isGzip = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  const encoding = isGzip ? { 'content-encoding': 'gzip' } : {};
  const headers = { 'content-type': type, vary: 'accept-encoding', ...encoding, ...more };
  return respond(c, isGzip ? gzipped : bytes, { headers });
}
