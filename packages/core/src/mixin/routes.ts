// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import type { AnyOperation } from '../operations/operation.ts';

/**
 * A path that answers GET and HEAD to anybody, without a token: what may be asked there has to be in the path itself, and
 * signed. What programs call with a token is an operation.
 */
export interface PublicRoute {
  /**
   * Words and `{name}` for one segment each, as `/download/{token}/{filename}`. It begins with a word, which is not `v1`. The
   * path as it came is in no log: it may open something.
   */
  readonly path: string;
  /**
   * Answer. To HEAD as to GET: a body is then let go unread. `request.signal` aborts once the client has gone; a body that is
   * a stream is cancelled then, and read as fast as the client takes it.
   *
   * @param params - by name, percent-decoded
   * @throws {MailProxyError} is answered as a problem document, as what operations throw
   */
  handle(request: Request, params: Readonly<Record<string, string>>): Promise<Response>;
}

/** The routes of one mixin. */
export interface RouteSource {
  readonly mixin: string;
  readonly routes: readonly PublicRoute[];
}

const PATH = /^(?:\/(?:[a-zA-Z0-9_~-][a-zA-Z0-9_.~-]*|\{[a-z][a-zA-Z0-9_]*\}))+$/;

/**
 * All routes, where each path is one and leads to one handler.
 *
 * @throws {MailProxyError} `mixin_broken`
 */
export function combineRoutes(
  sources: readonly RouteSource[],
  operations: readonly AnyOperation[],
): readonly PublicRoute[] {
  const taken = operations.map(({ http, name }) => ({ path: http.path, by: `the operation ${name}` }));
  for (const { mixin, routes } of sources) {
    for (const { path } of routes) {
      const refuse = (why: string): MailProxyError =>
        new MailProxyError('mixin_broken', { detail: `the route ${path} of mixin ${mixin} ${why}` });
      const fault = faultOf(path);
      if (fault !== null) throw refuse(`is malformed: ${fault}`);
      const other = taken.find((each) => isBoth(each.path, path));
      if (other !== undefined) throw refuse(`collides with ${other.by}`);
      taken.push({ path, by: `the route ${path} of mixin ${mixin}` });
    }
  }
  return sources.flatMap(({ routes }) => routes);
}

function faultOf(path: string): string | null {
  if (!PATH.test(path)) return 'expected words and {name} after a / each';
  const [first = '', ...rest] = segmentsOf(path);
  if (isParameter(first)) return 'expected a word first';
  if (first === 'v1') return 'v1 is for operations';
  const names = rest.filter(isParameter);
  return new Set(names).size < names.length ? 'expected each name once' : null;
}

/** Whether there is a path that is of both kinds. */
function isBoth(one: string, other: string): boolean {
  const segments = segmentsOf(other);
  const own = segmentsOf(one);
  if (own.length !== segments.length) return false;
  return own.every((segment, at) => {
    const there = segments[at] ?? '';
    return segment === there || isParameter(segment) || isParameter(there);
  });
}

function segmentsOf(path: string): readonly string[] {
  return path.slice(1).split('/');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}
