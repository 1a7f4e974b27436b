// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AttachmentFailure } from './attachment-failure.ts';
import { errnoOf } from './errno.ts';

const READ_BYTES = 65_536;

/** Make a file in `dir` whose name is gone at once, so that not even a crash leaves anything. Only its owner may read it. */
export async function openUnnamed(dir: string): Promise<FileHandle> {
  const path = join(dir, `mail-proxy-${randomUUID()}`);
  try {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await unlink(path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw notKept(error);
  }
}

/** Bytes on disk, for as long as they are worked on. */
export class SpoolFile implements AsyncDisposable {
  readonly #file: FileHandle;
  #sizeBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws {AttachmentFailure} `not_kept` */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.byteLength; ) {
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.byteLength - written, this.#sizeBytes);
        written += bytesWritten;
        this.#sizeBytes += bytesWritten;
      }
    } catch (error) {
      throw notKept(error);
    }
  }

  /**
   * From the beginning, for each reader anew.
   *
   * @throws {AttachmentFailure} `not_kept`
   */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let position = 0; position < this.#sizeBytes; ) {
      const piece = await this.#readAt(position);
      position += piece.byteLength;
      yield piece;
    }
  }

  async #readAt(position: number): Promise<Uint8Array> {
    const length = Math.min(READ_BYTES, this.#sizeBytes - position);
    try {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw notKept(error);
    }
    throw new AttachmentFailure('not_kept', 'a temporary file became shorter');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** A full disk above all, which is found out about and mended. */
function notKept(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === null) return error;
  return new AttachmentFailure('not_kept', `no temporary file of it can be used: ${errno}`, { cause: error });
}
