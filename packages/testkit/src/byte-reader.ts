// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Duplex } from 'node:stream';

/** The other side closed the connection, or it was cut, before what was waited for had come. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
}

/**
 * Read a connection piece by piece, on demand: bytes that nobody asks for stay in the system's buffers, so that
 * the other side feels back-pressure.
 */
export class ByteReader {
  readonly #stream: Duplex;
  /** What is read and not yet asked for lies between `start` and `end`. */
  #store = Buffer.alloc(4096);
  #start = 0;
  #end = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Read up to and with `marker`; gives all of it. */
  async until(marker: string): Promise<Buffer> {
    const wanted = Buffer.from(marker, 'latin1');
    let from = 0; // what was searched already is not searched again
    for (;;) {
      const unread = this.#unread();
      const at = unread.indexOf(wanted, from);
      if (at >= 0) return this.#take(at + wanted.length);
      from = Math.max(0, unread.length - wanted.length + 1);
      await this.#more(JSON.stringify(marker));
    }
  }

  /** Read exactly `count` bytes. */
  async exactly(count: number): Promise<Buffer> {
    while (this.#unread().length < count) await this.#more(`${count} bytes`);
    return this.#take(count);
  }

  /** Give up what was read from the stream and asked for by nobody. */
  leftover(): Buffer {
    return this.#take(this.#unread().length);
  }

  #unread(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  #take(count: number): Buffer {
    const taken = Buffer.from(this.#unread().subarray(0, count));
    this.#start += count;
    return taken;
  }

  async #more(wanted: string): Promise<void> {
    for (;;) {
      // a stream in binary mode, as sockets are, gives Buffers
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return this.#append(chunk);
      if (this.#stream.readableEnded || this.#stream.destroyed) {
        const seen = this.#unread().subarray(-200).toString('latin1');
        throw new ConnectionClosed(`closed while waiting for ${wanted}; unread so far: ${JSON.stringify(seen)}`);
      }
      await nextChange(this.#stream);
    }
  }

  #append(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#store.length) {
      const unread = this.#unread();
      // doubling: a long message is not copied once a chunk
      const needed = unread.length + chunk.length;
      const store = Buffer.alloc(Math.max(needed * 2, this.#store.length));
      unread.copy(store);
      this.#store = store;
      this.#start = 0;
      this.#end = unread.length;
    }
    chunk.copy(this.#store, this.#end);
    this.#end += chunk.length;
  }
}

const CHANGES = ['readable', 'end', 'close', 'error'] as const;

function nextChange(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const changed = (): void => {
      for (const event of CHANGES) stream.off(event, changed);
      resolve();
    };
    for (const event of CHANGES) stream.on(event, changed);
  });
}
