// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpConnection } from './connection.ts';
import { CHUNK_BYTES, CRLF_FINAL_DOT, FINAL_DOT, stuffDots } from './dot-stuffing.ts';
import { isLastLineWhole, type MessageBody, readBody, type StreamedBody } from './message-body.ts';

/** Told what comes next, before it does. */
export interface BodyProgress {
  /** The relay has to take a chunk, or the source has to give one. */
  onBodyWait(forWhom: 'relay' | 'source'): void;
  /** The final dot is written now, and with it what is left of the message. */
  onFinalDot(): void;
  /** All of it is with the connection. Answers whether commands may go behind it, which are waited for then. */
  onWritten(): boolean;
  /** The message cannot be read to its end; nothing more is written. */
  onUnreadable(error: unknown): void;
}

type WrittenTo = Pick<SmtpConnection, 'write' | 'hold' | 'flush' | 'flushSoon'>;

/**
 * Hands a message to the socket chunk by chunk, each when the one before has reached the kernel, and then the final dot.
 * One in memory is written without promises. Of one that is read there is never more in memory than a piece of its source,
 * the chunk made of it, and what the socket holds.
 */
export class BodyWriter {
  readonly #connection: WrittenTo;
  readonly #body: Buffer | StreamedBody;
  readonly #progress: BodyProgress;
  #written = 0;
  #isStopped = false;
  /** Of a streamed message: the last byte written, before which there is none. */
  #lastByte: number | undefined;
  /** Ends the wait for the socket. */
  #goOn: (() => void) | null = null;

  constructor(connection: WrittenTo, body: MessageBody, progress: BodyProgress) {
    const isView = body instanceof Uint8Array && !Buffer.isBuffer(body);
    this.#connection = connection;
    this.#body = isView ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body;
    this.#progress = progress;
  }

  /** Bytes of the message that were handed to the socket; stuffed dots don't count. */
  get written(): number {
    return this.#written;
  }

  /** Called once. */
  start(): void {
    if (Buffer.isBuffer(this.#body)) this.#writeBuffer(this.#body);
    else void this.#writeStream(this.#body);
  }

  /** The socket takes more. */
  onDrain(): void {
    if (Buffer.isBuffer(this.#body)) this.#writeBuffer(this.#body);
    else this.#goOn?.();
  }

  /** Write and tell nothing more. What is being read is closed, at the latest when it has given its next piece. */
  stop(): void {
    this.#isStopped = true;
    this.#goOn?.();
  }

  #writeBuffer(body: Buffer): void {
    for (;;) {
      const end = Math.min(this.#written + CHUNK_BYTES, body.length);
      const chunk = stuffDots(body.subarray(this.#written, end), body[this.#written - 1]);
      this.#written = end;
      if (end === body.length) {
        this.#end(chunk, finalDotOf(body));
        return;
      }
      this.#progress.onBodyWait('relay');
      if (!this.#connection.write(chunk)) return;
    }
  }

  /** Never rejects. */
  async #writeStream(body: StreamedBody): Promise<void> {
    try {
      this.#progress.onBodyWait('source');
      for await (const chunk of readBody(body)) {
        if (!this.#isStopped) await this.#writeChunk(chunk);
        if (this.#isStopped) return;
        this.#progress.onBodyWait('source');
      }
      if (this.#isStopped) return;
      this.#end(finalDotOf(body));
    } catch (error) {
      // Once stopped, nobody asks any more whether the rest could have been read.
      if (!this.#isStopped) this.#progress.onUnreadable(error);
    }
  }

  #end(...pieces: readonly Buffer[]): void {
    this.#progress.onFinalDot();
    this.#connection.hold(...pieces);
    if (this.#progress.onWritten()) this.#connection.flushSoon();
    else this.#connection.flush();
  }

  async #writeChunk(chunk: Buffer): Promise<void> {
    const stuffed = stuffDots(chunk, this.#lastByte);
    this.#written += chunk.length;
    this.#lastByte = chunk.at(-1);
    this.#progress.onBodyWait('relay');
    if (this.#connection.write(stuffed) || this.#isStopped) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    this.#goOn = null;
  }
}

function finalDotOf(body: Buffer | StreamedBody): Buffer {
  return isLastLineWhole(body) ? FINAL_DOT : CRLF_FINAL_DOT;
}
