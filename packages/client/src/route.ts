// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Where an operation is reached, and what it answers with. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{name}` for what the input has of that name. */
  readonly path: string;
  /** @defaultValue json */
  readonly answer?: 'json' | 'lines' | 'bytes' | 'nothing';
  /** Whether the tenant of the client is meant where the input names none. @defaultValue false */
  readonly takesTenant?: boolean;
  /** Whether a complete mail may stand in place of the input. @defaultValue false */
  readonly takesMail?: boolean;
}

/** A request whose input has found its places. */
export interface PlacedInput {
  /** With its query. */
  readonly path: string;
  /** Undefined where there is no body. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Put each field where it travels: into the path; the others into the body where the method has one, else into the query.
 *
 * @throws {TypeError} where a field of the path is missing
 */
export function placeInput({ method, path }: Route, input: Readonly<Record<string, unknown>>): PlacedInput {
  const rest = { ...input };
  const placed = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    if (value === undefined || value === null || value === '') throw new TypeError(`${name} is missing`);
    return encodeURIComponent(String(value));
  });
  if (method === 'POST' || method === 'PATCH') return { path: placed, body: rest };
  return { path: withQuery(placed, rest), body: undefined };
}

/** Add fields to a path as its query, without those that are undefined. */
export function withQuery(path: string, fields: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  return query.size === 0 ? path : `${path}?${query}`;
}
