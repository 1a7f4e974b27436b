// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { tooLarge } from './attachment-failure.ts';
import { openUnnamed, SpoolFile } from './spool-file.ts';
import { piecesUntilAborted } from './until-aborted.ts';

/** Bytes that have all come, at hand until they are disposed of. */
export interface Spooled extends AsyncDisposable {
  readonly sizeBytes: number;
  /** Hex, lower case. */
  readonly md5: string;
  /** Hex, lower case. */
  readonly sha256: string;
  /** From the beginning, in pieces of at most 64 KiB; as often as wanted, also by several readers at once. */
  read(): AsyncIterable<Uint8Array>;
}

export interface SpoolOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** For what is not kept in memory. @defaultValue the operating system's folder for temporary files */
  readonly dir?: string;
}

/** Kept in memory up to this; what is larger goes to disk as a whole. Most signatures, logos and invoices are smaller. */
export const SPOOL_MEMORY_BYTES = 262_144;
const PIECE_BYTES = 65_536;

/**
 * Take all of a body, whatever the size of its pieces, with little memory.
 *
 * @throws {AttachmentFailure} `too_large`, `not_kept`; the signal's reason; what the body throws
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, signal, dir = tmpdir() }: SpoolOptions,
): Promise<Spooled> {
  const draft = new SpoolDraft(dir);
  try {
    for await (const piece of piecesUntilAborted(body, signal)) {
      if (draft.sizeBytes + piece.byteLength > maxBytes) throw tooLarge(maxBytes);
      await draft.append(piece);
    }
    return await draft.finish();
  } catch (error) {
    await draft[Symbol.asyncDispose]();
    throw error;
  }
}

/** What has come so far. */
class SpoolDraft implements AsyncDisposable {
  readonly #dir: string;
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  /** Copied into: a piece of one byte may hold on to 64 KiB of a socket's memory. */
  readonly #buffer = Buffer.allocUnsafe(PIECE_BYTES);
  #filled = 0;
  #inMemory: Buffer[] = [];
  #storedBytes = 0;
  #file: SpoolFile | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  get sizeBytes(): number {
    return this.#storedBytes + this.#filled;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.byteLength; ) {
      const part = bytes.subarray(taken, taken + PIECE_BYTES - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.byteLength;
      taken += part.byteLength;
      if (this.#filled === PIECE_BYTES) await this.#store();
    }
  }

  async finish(): Promise<Spooled> {
    await this.#store();
    const [file, pieces] = [this.#file, this.#inMemory];
    return {
      sizeBytes: this.sizeBytes,
      md5: this.#md5.digest('hex'),
      sha256: this.#sha256.digest('hex'),
      read: file === null ? () => inTurn(pieces) : () => file.read(),
      [Symbol.asyncDispose]: async () => file?.[Symbol.asyncDispose](),
    };
  }

  async #store(): Promise<void> {
    if (this.#filled === 0) return;
    const piece = this.#buffer.subarray(0, this.#filled);
    this.#md5.update(piece);
    this.#sha256.update(piece);
    if (this.#storedBytes + piece.byteLength <= SPOOL_MEMORY_BYTES) {
      this.#inMemory.push(Buffer.from(piece));
    } else {
      this.#file ??= await this.#moveToDisk();
      await this.#file.append(piece);
    }
    this.#storedBytes += piece.byteLength;
    this.#filled = 0;
  }

  async #moveToDisk(): Promise<SpoolFile> {
    const file = new SpoolFile(await openUnnamed(this.#dir));
    try {
      for (const piece of this.#inMemory) await file.append(piece);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    this.#inMemory = [];
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }
}

async function* inTurn(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces;
}
