// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import { requireJson } from './content-type.ts';
import type { HttpContext } from './context.ts';
import { type JsonObject, parseJsonObject } from './parse-json.ts';
import { readBody } from './read-body.ts';

/**
 * Gather the input of an operation: the fields of the query, of the JSON body and of the path in one object, which
 * the operation's schema then judges.
 *
 * @throws {MailProxyError} `body_too_large`, `unsupported_media_type`, `malformed_json`, `malformed_request`;
 * `invalid_input` when two places disagree about a field
 */
export async function readInput(c: HttpContext, maxBodyBytes: number): Promise<JsonObject> {
  const body = await readJsonBody(c, maxBodyBytes);
  const path = c.req.param();
  return merge([
    ['the path', path],
    ['the query', queryFields(c.req.url)],
    ['the body', body],
  ]);
}

async function readJsonBody(c: HttpContext, maxBodyBytes: number): Promise<JsonObject> {
  const { headers, method } = c.req.raw;
  if (method === 'GET' || method === 'HEAD') {
    // RFC 9110 §9.3.1: it has no meaning there; better to say so than to list everything in place of a part.
    if (!hasBody(headers)) return {};
    throw new MailProxyError('malformed_request', { detail: `${method} takes no body; use the query` });
  }
  const bytes = await readBody(c.req.raw, maxBodyBytes);
  if (bytes.byteLength === 0) return {};
  requireJson(headers);
  return parseJsonObject(bytes);
}

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

/** A parameter given several times is a list. */
function queryFields(url: string): JsonObject {
  const at = url.indexOf('?');
  if (at === -1) return {};
  const parameters = new URLSearchParams(url.slice(at + 1));
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function merge(places: readonly (readonly [place: string, fields: JsonObject])[]): JsonObject {
  const merged = new Map<string, { readonly value: unknown; readonly place: string }>();
  for (const [place, fields] of places) {
    for (const [name, value] of Object.entries(fields)) {
      const other = merged.get(name);
      if (other === undefined) merged.set(name, { value, place });
      else if (other.value !== value) throw disagreement(name, `${other.place} and ${place} say different things`);
    }
  }
  // Object.fromEntries defines keys; an assignment to __proto__ would not.
  return Object.fromEntries([...merged].map(([name, { value }]) => [name, value]));
}

function disagreement(name: string, message: string): MailProxyError {
  const pointer = `/${name}`;
  return new MailProxyError('invalid_input', {
    detail: `${pointer}: ${message}`,
    problems: [{ pointer, message }],
  });
}
