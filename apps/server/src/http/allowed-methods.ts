// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Which methods a path takes; empty for a path that nothing is served on. */
export type AllowedMethods = (path: string) => readonly string[];

export interface Route {
  readonly method: string;
  /** As the router has it, `:name` for a parameter. */
  readonly path: string;
}

/** Answer from the routes themselves, so that 405 and OPTIONS cannot be out of date. */
export function allowedMethods(routes: readonly Route[]): AllowedMethods {
  const patterns = routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => ({ method, segments: path.split('/') }));
  return (path) => {
    const segments = path.split('/');
    const methods = patterns.filter((pattern) => matches(pattern.segments, segments)).map(({ method }) => method);
    if (methods.length === 0) return [];
    // A router that answers GET answers HEAD; OPTIONS is answered for every path.
    return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].toSorted();
  };
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.length !== path.length) return false;
  return pattern.every((segment, at) => (segment.startsWith(':') ? path[at] !== '' : segment === path[at]));
}
