// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Agent, request } from 'node:http';
import { ADMIN_TOKEN } from '../world/api.ts';

export interface Answer {
  /** 0 where the connection broke before an answer. */
  readonly status: number;
  readonly retryAfter: number | null;
  readonly text: string;
  readonly tookMs: number;
}

/** A client that keeps its connections. */
export interface Client extends Disposable {
  call(method: string, path: string, body?: object | string): Promise<Answer>;
}

export function openClient(url: string, connections: number, token: string = ADMIN_TOKEN): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    call: (method, path, body) =>
      new Promise((resolve) => {
        const begunAt = performance.now();
        const json = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
        const end = (status: number, retryAfter: number | null, text: string): void =>
          resolve({ status, retryAfter, text, tookMs: performance.now() - begunAt });
        const asked = request(
          url + path,
          {
            method,
            agent,
            headers: {
              authorization: `Bearer ${token}`,
              ...(json === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
            },
          },
          (response) => {
            const pieces: Buffer[] = [];
            response.on('data', (piece: Buffer) => pieces.push(piece));
            response.on('error', () => end(0, null, ''));
            response.on('end', () => {
              const retryAfter = response.headers['retry-after'];
              end(
                response.statusCode ?? 0,
                retryAfter === undefined ? null : Number(retryAfter),
                Buffer.concat(pieces).toString(),
              );
            });
          },
        );
        asked.on('error', () => end(0, null, ''));
        asked.end(json);
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** How often each status came. */
export function statusCounts(statuses: readonly number[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const status of statuses) {
    const name = status === 0 ? 'cut' : `status_${status}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
