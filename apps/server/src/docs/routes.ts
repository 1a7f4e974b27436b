// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import type { Hono } from 'hono';
import type { HttpEnv } from '../http/context.ts';
import { respond } from '../http/response-headers.ts';
import { openApiDocument } from '../openapi/document.ts';
import { type RenderedPage, renderReference } from './page.ts';

/** Serve the OpenAPI document and the reference rendered from it. Neither holds anything of this installation. */
export function addDocsRoutes(
  app: Hono<HttpEnv>,
  { operations, version }: { readonly operations: readonly AnyOperation[]; readonly version: string },
): void {
  // Made when first asked for, and kept: the list of operations does not change.
  let json: string | undefined;
  let page: RenderedPage | undefined;
  const makeDocument = () => openApiDocument(operations, { version });

  app.get('/openapi.json', (c) => {
    json ??= JSON.stringify(makeDocument());
    return respond(c, json, { headers: { 'content-type': 'application/json' } });
  });
  app.get('/docs', (c) => {
    page ??= renderReference(makeDocument());
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': page.policy };
    return respond(c, page.html, { headers });
  });
}
