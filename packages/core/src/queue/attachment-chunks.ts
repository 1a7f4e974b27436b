// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { OVERHEAD_BYTES } from '../secrets/aead.ts';

/**
 * Bytes in one row: 4,600 lines of base64, so that each piece is encoded by itself. Some ten of them are on their way
 * for each message that is being sent, which bounds the memory; smaller ones cost more queries.
 */
export const CHUNK_BYTES = 57 * 4_600;

/** Bytes of a piece that is sealed. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + OVERHEAD_BYTES;

/** Cut into pieces of {@link CHUNK_BYTES}, or so many; the last may be smaller. An empty file has one empty piece. */
export function chunksOf(bytes: Uint8Array, size: number = CHUNK_BYTES): readonly Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.byteLength / size));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}
