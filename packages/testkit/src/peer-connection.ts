// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { ByteReader, ConnectionClosed } from './byte-reader.ts';

/** Key and certificate as PEM texts. */
export interface PeerTls {
  readonly key: string;
  readonly cert: string;
}

/** One connection of a scripted peer, as its script sees it. Only what the script asks for is read. */
export class PeerConnection {
  /** The TCP socket, below TLS too. */
  readonly #tcp: Socket;
  #socket: Socket;
  #reader: ByteReader;

  constructor(socket: Socket) {
    this.#tcp = socket;
    this.#socket = socket;
    this.#reader = new ByteReader(socket);
    ignoreErrors(socket);
  }

  /** Read a line; gives it without its CRLF. A bare CR or LF ends no line and stays in it. */
  async line(): Promise<string> {
    return (await this.#reader.until('\r\n')).subarray(0, -2).toString('utf8');
  }

  /**
   * Read a line that must match.
   * @throws Error that shows the line, when it does not
   */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    const line = await this.line();
    const match = pattern.exec(line);
    if (match === null) throw new Error(`expected ${pattern}, got ${JSON.stringify(line)}`);
    return match;
  }

  /** Read what follows an SMTP DATA: the bytes up to the final dot, without it, dot-stuffing left as it came. */
  async readBody(): Promise<Buffer> {
    const first = await this.#reader.until('\r\n');
    if (first.equals(Buffer.from('.\r\n'))) return Buffer.alloc(0);
    // the first line's CRLF is already read, and the final dot may follow at once
    const lines = [first];
    for (;;) {
      const line = await this.#reader.until('\r\n');
      if (line.equals(Buffer.from('.\r\n'))) return Buffer.concat(lines);
      lines.push(line);
    }
  }

  /** Read `count` bytes exactly: an IMAP literal, an HTTP body. */
  read(count: number): Promise<Buffer> {
    return this.#reader.exactly(count);
  }

  /** Read up to and with `marker`, such as the empty line after an HTTP head. */
  readUntil(marker: string): Promise<Buffer> {
    return this.#reader.until(marker);
  }

  /** Send these bytes as they are (a string as UTF-8), and wait until the system has taken them. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (failed) => {
        if (failed) reject(new ConnectionClosed('closed while sending', { cause: failed }));
        else resolve();
      });
    });
  }

  /** Send in pieces with a pause after each. */
  async sendSlowly(bytes: string | Uint8Array, { pieceBytes = 1, pauseMs = 5 } = {}): Promise<void> {
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; at += pieceBytes) {
      await this.send(all.subarray(at, at + pieceBytes));
      await sleep(pauseMs);
    }
  }

  /** Turn the connection to TLS; returns once the handshake is done. Send the 220 or OK that invites to it before. */
  async startTls({ key, cert }: PeerTls): Promise<void> {
    const early = this.#reader.leftover();
    if (early.length > 0) this.#socket.unshift(early);
    const secure = new TLSSocket(this.#socket, { isServer: true, key, cert });
    ignoreErrors(secure);
    await Promise.race([
      once(secure, 'secure'),
      once(secure, 'close').then(() => Promise.reject(new ConnectionClosed('closed in the TLS handshake'))),
    ]);
    this.#socket = secure;
    this.#reader = new ByteReader(secure);
  }

  /** Close in good order: FIN after what was sent. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    // what the client still sends must be read away, or the system answers it with an RST
    this.#socket.end();
    this.#socket.resume();
    await this.#whenClosed();
  }

  /** Cut the connection with a TCP RST. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  /**
   * Say nothing more until the client closes or the peer is closed.
   * @param options.reading - false leaves the client's bytes in the system's buffers until its writes block; the
   * client's close is then seen only when the peer closes
   */
  async hang({ reading = true } = {}): Promise<void> {
    if (reading) this.#socket.resume();
    this.#socket.once('end', () => this.#socket.destroy());
    await this.#whenClosed();
  }

  #whenClosed(): Promise<void> {
    const socket = this.#socket;
    // Not once() of node:events, which rejects where the client ends with an RST.
    return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
  }
}

/** Failures show where the script reads or writes. */
function ignoreErrors(socket: Socket): void {
  socket.on('error', () => {});
}
