// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A server that is tried, over its API. */
export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body?: object): Promise<unknown>;
  patch(path: string, body: object): Promise<unknown>;
}

export const ADMIN_TOKEN = 'a-token-of-these-trials-only';

/** @throws Error with the answer, when it is not one of success */
export function apiOf(url: string): Api {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
  };
}
