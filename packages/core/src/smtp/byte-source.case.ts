// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ByteSource } from './byte-source.ts';
import { type MessageBody, readBody } from './message-body.ts';

export interface TestSourceOptions {
  /** @defaultValue all at once */
  readonly pieceBytes?: number;
  /** What it says of itself. @defaultValue what it has */
  readonly sizeBytes?: number;
  /** Called before the piece that starts at `at` is given, and with the size before the end; may wait or throw. */
  readonly beforePiece?: (at: number) => Promise<void> | void;
}

/** A source over bytes in memory that tells how it is read. */
export class TestSource implements ByteSource {
  readonly sizeBytes: number;
  /** Begun so far, and those of them that are not over. */
  readings = 0;
  open = 0;
  /** By all readings together. */
  givenBytes = 0;
  readonly #closed = Promise.withResolvers<void>();
  readonly #bytes: Uint8Array;
  readonly #options: TestSourceOptions;

  constructor(bytes: Uint8Array, options: TestSourceOptions = {}) {
    this.sizeBytes = options.sizeBytes ?? bytes.length;
    this.#bytes = bytes;
    this.#options = options;
  }

  /** Resolves when a reading is over, whether it came to its end or was given up. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const { pieceBytes = Math.max(1, this.#bytes.length), beforePiece } = this.#options;
    this.readings += 1;
    this.open += 1;
    try {
      for (let at = 0; at < this.#bytes.length; at += pieceBytes) {
        await beforePiece?.(at);
        const piece = this.#bytes.subarray(at, at + pieceBytes);
        this.givenBytes += piece.length;
        yield piece;
      }
      await beforePiece?.(this.#bytes.length);
    } finally {
      this.open -= 1;
      this.#closed.resolve();
    }
  }
}

/** For `beforePiece`. */
export function failAt(at: number, failsAt: number, error: unknown): void {
  if (at >= failsAt) throw error;
}

/** All that comes, in the pieces in which it comes. */
export async function piecesOf(pieces: AsyncIterable<Buffer>): Promise<readonly Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** The message as a whole. */
export async function bytesOf(body: MessageBody): Promise<Buffer> {
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat(await piecesOf(readBody(body)));
}
