// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, MailProxyError, type RequestPlace, type Uploads } from '@mail-proxy/core';
import { attachFiles } from './attach-files.ts';
import type { BodyLimits } from './body-limits.ts';
import { isType, requireIdentity, requireJson } from './content-type.ts';
import { boundaryOf } from './form-part.ts';
import { readJsonBody } from './json-body.ts';
import type { JsonObject } from './parse-json.ts';
import { bodyPieces, type ReadableRequest } from './read-body.ts';
import { readForm } from './read-form.ts';

/** What a request's body asks for; the files among its fields are gone once it is disposed of. */
export interface RequestBody extends AsyncDisposable {
  /** Which one is meant may depend on the type of the body. */
  readonly operation: AnyOperation;
  readonly fields: JsonObject;
}

export interface RequestBodyOptions {
  readonly operation: AnyOperation;
  readonly uploads: Uploads;
  readonly limits: BodyLimits;
  /** Counts what is held in memory. @defaultValue nobody counts */
  readonly place?: RequestPlace | null;
}

/**
 * Read a request's body by its type.
 *
 * @throws {MailProxyError} `body_too_large`, `unsupported_media_type`, `malformed_json`, `malformed_request`,
 * `storage_full`, `invalid_input`, `overloaded`, `rate_limited`
 */
export async function readRequestBody(
  request: ReadableRequest,
  { operation, uploads, limits, place = null }: RequestBodyOptions,
): Promise<RequestBody> {
  const { headers, method } = request.raw;
  const { takesFiles = false, forMail } = operation.http;
  const type = headers.get('content-type');
  const justFields = (fields: JsonObject): RequestBody => ({
    operation,
    fields,
    [Symbol.asyncDispose]: async () => undefined,
  });
  if (method === 'GET' || method === 'HEAD') {
    // RFC 9110 §9.3.1: it has no meaning there; better to say so than to list everything in place of a part.
    if (!hasBody(headers)) return justFields({});
    throw new MailProxyError('malformed_request', { detail: `${method} takes no body; use the query` });
  }
  if (forMail !== undefined && isType(type, 'message/rfc822')) {
    requireIdentity(headers);
    const raw = await uploads.takeMessage(bodyPieces(request, limits.maxMailBytes));
    return { operation: forMail, fields: { raw }, [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose]() };
  }
  const boundary = takesFiles && !isType(type, 'application/json') ? boundaryOf(headers) : null;
  if (boundary !== null) {
    requireIdentity(headers);
    const pieces = bodyPieces(request, limits.maxFormBytes);
    await using held = new AsyncDisposableStack();
    const fields = attachFiles(
      held.use(await readForm(pieces, boundary, { uploads, maxJsonBytes: limits.maxBodyBytes, place })),
    );
    const kept = held.move();
    return { operation, fields, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }
  const body = await readJsonBody(request, limits.maxBodyBytes, place);
  if (body.byteLength === 0) return justFields({});
  requireJson(headers);
  return justFields(body.parse());
}

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}
