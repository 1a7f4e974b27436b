// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type HttpAnswer, HttpConnection } from './http-connection.ts';

/** A connection that was idle for longer is not used again: the server may be closing it. */
const MAX_IDLE_MS = 2_000;

interface Idle {
  readonly connection: HttpConnection;
  readonly since: number;
}

/** A client that keeps connections open, as many as it has calls under way. */
export class HttpClient implements Disposable {
  readonly #url: URL;
  readonly #headers: string;
  readonly #idle: Idle[] = [];

  constructor(url: string, token?: string) {
    this.#url = new URL(url);
    const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
    this.#headers = `host: ${this.#url.host}\r\n${authorization}content-type: application/json\r\n`;
  }

  get url(): string {
    return this.#url.origin;
  }

  /** @throws Error unless the answer is a success */
  async post(path: string, body: object = {}): Promise<unknown> {
    return JSON.parse((await this.#call('POST', path, JSON.stringify(body))) || 'null');
  }

  /** @throws Error unless the answer is a success */
  get(path: string): Promise<string> {
    return this.#call('GET', path, '');
  }

  async #call(method: string, path: string, body: string): Promise<string> {
    const connection = this.#takeIdle() ?? (await HttpConnection.open(this.#url));
    const head = `${method} ${path} HTTP/1.1\r\n${this.#headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const answer: HttpAnswer = await connection.exchange(head + body);
    this.#idle.push({ connection, since: performance.now() });
    if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body}`);
    return answer.body;
  }

  #takeIdle(): HttpConnection | null {
    const now = performance.now();
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.connection.isOpen && now - idle.since < MAX_IDLE_MS) return idle.connection;
      idle.connection.close();
    }
    return null;
  }

  [Symbol.dispose](): void {
    for (const { connection } of this.#idle) connection.close();
  }
}
