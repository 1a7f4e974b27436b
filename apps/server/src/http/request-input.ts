// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import type { HttpContext } from './context.ts';
import type { JsonObject } from './parse-json.ts';

/**
 * Gather the input of an operation: the fields of the query, of the body and of the path in one object, which the
 * operation's schema then judges.
 *
 * @throws {MailProxyError} `invalid_input` when two places disagree about a field
 */
export function gatherInput(c: HttpContext, body: JsonObject): JsonObject {
  const path = c.req.param();
  const query = queryFields(c.req.url);
  if (Object.keys(path).length === 0 && Object.keys(query).length === 0) return body;
  return merge([
    ['the path', path],
    ['the query', query],
    ['the body', body],
  ]);
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
