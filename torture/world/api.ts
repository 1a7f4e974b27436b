// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A server that is tried, over its API. */
export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body?: object, signal?: AbortSignal): Promise<unknown>;
  patch(path: string, body: object): Promise<unknown>;
  /** The body as it comes. */
  text(path: string): Promise<string>;
}

export const ADMIN_TOKEN = 'a-token-of-these-trials-only';

/** An answer that is not one of success. */
export class Refused extends Error {
  readonly status: number;
  readonly body: string;
  constructor(call: string, status: number, body: string) {
    super(`${call} was answered ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }
}

/** Its calls throw {@link Refused}, or what fetch throws. */
export function apiOf(url: string): Api {
  const call = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<string> => {
    const patience = AbortSignal.timeout(60_000);
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(`${method} ${path}`, response.status, text);
    return text;
  };
  const json = async (...args: Parameters<typeof call>): Promise<unknown> => {
    const text = await call(...args);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    get: (path) => json('GET', path),
    post: (path, body = {}, signal) => json('POST', path, body, signal),
    patch: (path, body) => json('PATCH', path, body),
    text: (path) => call('GET', path),
  };
}
