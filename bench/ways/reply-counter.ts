// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Socket } from 'node:net';

/** Last lines of replies: a code and a space. */
const POSITIVE = /^[23]\d\d /;

/** Waits for whole replies, and breaks off at one that is not positive. */
export class ReplyCounter {
  #line = '';
  #arrived = 0;
  #wanted = 0;
  #waiting: PromiseWithResolvers<void> | null = null;
  #failure: Error | null = null;

  constructor(socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the sink closed the connection')));
  }

  /** Resolves when `count` more replies have come. */
  next(count: number): Promise<void> {
    this.#wanted += count;
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#arrived >= this.#wanted) return Promise.resolve();
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  #take(text: string): void {
    const lines = (this.#line + text).split('\r\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      if (line[3] === '-') continue;
      if (POSITIVE.test(line)) this.#arrived += 1;
      else this.#fail(new Error(`the sink said ${line}`));
    }
    if (this.#arrived >= this.#wanted) this.#waiting?.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }
}
