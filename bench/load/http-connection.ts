// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';
/** The last chunk, where the server says no length. No answer to the bench ends with it by chance. */
const LAST_CHUNK = '0\r\n\r\n';

/**
 * One connection to a server, for one request at a time. It understands what the servers of the bench answer, and costs a
 * fraction of what fetch does: on a machine with two cores the client takes its time from what is measured.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: PromiseWithResolvers<HttpAnswer> | null = null;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // Lengths count bytes, and so do the characters of latin1.
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open({ hostname, port }: URL): Promise<HttpConnection> {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  exchange(request: string): Promise<HttpAnswer> {
    this.#waiting = Promise.withResolvers();
    if (this.#failure === null) this.#socket.write(request);
    else this.#waiting.reject(this.#failure);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const body = this.#received.slice(headEnd + HEAD_END.length);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (length === undefined ? !isComplete(head, body) : body.length < Number(length)) return;
    this.#received = '';
    const waiting = this.#waiting;
    this.#waiting = null;
    const bytes = Buffer.from(length === undefined ? unchunked(body) : body, 'latin1');
    waiting?.resolve({ status: Number(head.split(' ', 2)[1]), body: bytes.toString('utf8') });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }
}

function isComplete(head: string, body: string): boolean {
  return /^transfer-encoding: *chunked/im.test(head) ? body.endsWith(LAST_CHUNK) : true;
}

function unchunked(body: string): string {
  let text = '';
  let at = 0;
  while (at < body.length) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (lineEnd < 0 || !(size > 0)) break;
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
  return text;
}
