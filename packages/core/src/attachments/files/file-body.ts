// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FileHandle } from 'node:fs/promises';
import type { AttachmentBody } from '../attachment-body.ts';
import { toFileFailure } from './file-failure.ts';
import type { OpenFile } from './open-contained.ts';

const PIECE_BYTES = 65_536;

/** The content of a file, which is closed with it. */
export function fileBody({ file, sizeBytes }: OpenFile): AttachmentBody {
  return { sizeBytes, body: contentOf(file) };
}

async function* contentOf(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      // Each piece is the reader's to keep.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw toFileFailure(error);
  } finally {
    await file.close();
  }
}
