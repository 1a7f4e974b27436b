// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, type Idempotency, isAsyncIterable } from '@mail-proxy/core';
import type { Hono } from 'hono';
import { answerBytes } from './answer-bytes.ts';
import { answerLines } from './answer-lines.ts';
import type { BodyLimits } from './body-limits.ts';
import { isType } from './content-type.ts';
import { type HttpContext, type HttpEnv, readableOf, type ServedEngine } from './context.ts';
import { readRequestBody } from './request-body.ts';
import { gatherInput } from './request-input.ts';
import { addHeader, respond, respondJson } from './response-headers.ts';
import { tokenOf } from './token.ts';

export interface RouteOptions {
  readonly limits: BodyLimits;
  /** Aborts when the server stops. @defaultValue never */
  readonly stopping?: AbortSignal | undefined;
}

/** One route an operation: nothing is served that is not in the engine's list. */
export function addOperationRoutes(app: Hono<HttpEnv>, engine: ServedEngine, options: RouteOptions): void {
  for (const operation of literalPathsFirst(engine.operations)) {
    app.on(operation.http.method, honoPath(operation), (c) => answer(c, operation, engine, options));
  }
}

async function answer(
  c: HttpContext,
  operation: AnyOperation,
  engine: ServedEngine,
  { limits, stopping }: RouteOptions,
): Promise<Response> {
  // Before anything costs anything.
  using place = onlyWaits(c, operation) ? null : engine.takeRequest();
  const address = c.get('clientAddress');
  const principal = await engine.authenticate(tokenOf(c.req.raw.headers), { address });
  const caller = {
    principal,
    origin: address ?? 'http',
    requestId: c.get('requestId'),
    traceparent: c.req.header('traceparent'),
  };
  // Before the body: nobody makes us read twelve megabytes to be told that a token is missing.
  engine.authorise(operation, caller);
  place?.belongsTo(principal);
  using uploads = mayBringFiles(c, operation) ? await engine.uploadsOf(principal) : null;
  await using body = await readRequestBody(readableOf(c), {
    operation,
    uploads: uploads ?? engine.uploads,
    limits,
    place,
  });
  const input = gatherInput(c, body.fields);
  const waiting = operation.http.mayWait === true ? { signal: endOfWait(c, stopping) } : {};
  const output = await engine.execute(body.operation, input, { ...caller, ...keyOf(c), ...waiting });
  const { bytes } = operation.http;
  // An operation with a media type gives pieces of bytes.
  if (bytes !== undefined) return answerBytes(c, output as AsyncIterable<Uint8Array>, bytes);
  if (isAsyncIterable(output)) return answerLines(c, output);
  const status = operation.http.status ?? 200;
  if (status === 204) return respond(c, null, { status });
  return respondJson(c, output, { status, headers: headersFor(body.operation, output) });
}

/** Whoever waits for events keeps no place from others meanwhile: it brings no body, and the database is asked little. */
function onlyWaits(c: HttpContext, { http }: AnyOperation): boolean {
  return http.mayWait === true && http.method === 'GET' && Number(c.req.query('wait')) > 0;
}

/** A body in JSON has none that would have to be counted while it comes in. */
function mayBringFiles(c: HttpContext, { http }: AnyOperation): boolean {
  return http.takesFiles === true && !isType(c.req.raw.headers.get('content-type'), 'application/json');
}

/** A key makes a repeated request one (draft-ietf-httpapi-idempotency-key-header). Its form is judged where it is used. */
function keyOf(c: HttpContext): { readonly idempotency?: Idempotency } {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return {};
  return { idempotency: { key, replayed: () => addHeader(c, 'idempotent-replayed', 'true') } };
}

function headersFor({ http }: AnyOperation, output: unknown): Readonly<Record<string, string>> {
  // What the operation answered is what its headers are made of.
  return http.headersOf?.(output as never) ?? {};
}

/** Aborts when the client is gone, or the server stops. */
function endOfWait(c: HttpContext, stopping: AbortSignal | undefined): AbortSignal {
  const { signal } = c.req.raw;
  return stopping === undefined ? signal : AbortSignal.any([signal, stopping]);
}

/** Of two routes that match, the router takes the one added first: `/messages/batch` before `/messages/{id}`. */
function literalPathsFirst(operations: readonly AnyOperation[]): readonly AnyOperation[] {
  const parameters = ({ http }: AnyOperation): number => http.path.split('{').length;
  return operations.toSorted((a, b) => parameters(a) - parameters(b));
}

function honoPath({ http }: AnyOperation): string {
  return http.path.replaceAll(/\{(\w+)\}/g, ':$1');
}
