// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type HttpBinding, MailProxyError, type Uploads } from '@mail-proxy/core';
import { attachFiles } from './attach-files.ts';
import type { BodyLimits } from './body-limits.ts';
import { requireIdentity, requireJson } from './content-type.ts';
import { boundaryOf } from './form-part.ts';
import { type JsonObject, parseJsonObject } from './parse-json.ts';
import { bodyPieces, readBody } from './read-body.ts';
import { readForm } from './read-form.ts';

/** The fields of a request's body; the files among them are gone once it is disposed of. */
export interface RequestBody extends AsyncDisposable {
  readonly fields: JsonObject;
}

export interface RequestBodyOptions {
  readonly http: Pick<HttpBinding, 'takesFiles'>;
  readonly uploads: Uploads;
  readonly limits: BodyLimits;
}

/**
 * Read a request's body by its type.
 *
 * @throws {MailProxyError} `body_too_large`, `unsupported_media_type`, `malformed_json`, `malformed_request`,
 * `storage_full`, `invalid_input`
 */
export async function readRequestBody(
  request: Request,
  { http, uploads, limits }: RequestBodyOptions,
): Promise<RequestBody> {
  const { headers, method } = request;
  if (method === 'GET' || method === 'HEAD') {
    // RFC 9110 §9.3.1: it has no meaning there; better to say so than to list everything in place of a part.
    if (!hasBody(headers)) return justFields({});
    throw new MailProxyError('malformed_request', { detail: `${method} takes no body; use the query` });
  }
  const boundary = http.takesFiles === true ? boundaryOf(headers) : null;
  if (boundary !== null) {
    requireIdentity(headers);
    const pieces = bodyPieces(request, limits.maxFormBytes);
    await using held = new AsyncDisposableStack();
    const fields = attachFiles(
      held.use(await readForm(pieces, boundary, { uploads, maxJsonBytes: limits.maxBodyBytes })),
    );
    const kept = held.move();
    return { fields, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }
  const bytes = await readBody(request, limits.maxBodyBytes);
  if (bytes.byteLength === 0) return justFields({});
  requireJson(headers);
  return justFields(parseJsonObject(bytes));
}

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

function justFields(fields: JsonObject): RequestBody {
  return { fields, [Symbol.asyncDispose]: async () => undefined };
}
