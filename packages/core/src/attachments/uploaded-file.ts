// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Spooled } from './spool.ts';

/**
 * A file that a client sent: in memory while it is small, else in a temporary file without a name, until it is disposed
 * of. The `content` of an attachment may be one.
 */
export class UploadedFile implements AsyncDisposable {
  readonly #spooled: Spooled;

  constructor(spooled: Spooled) {
    this.#spooled = spooled;
  }

  /** Bytes. */
  get size(): number {
    return this.#spooled.sizeBytes;
  }

  /** Hex, lower case. */
  get md5(): string {
    return this.#spooled.md5;
  }

  /** Hex, lower case. */
  get sha256(): string {
    return this.#spooled.sha256;
  }

  /** From the beginning, as often as wanted. */
  read(): AsyncIterable<Uint8Array> {
    return this.#spooled.read();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#spooled[Symbol.asyncDispose]());
  }
}

/** Bytes of a client that may be too many for memory. */
export type HeldFile = Blob | UploadedFile;

export function isHeldFile(value: unknown): value is HeldFile {
  return value instanceof Blob || value instanceof UploadedFile;
}
