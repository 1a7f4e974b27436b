// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Smaller ones may be views of a pool, and are no load. */
const LARGE_BYTES = 65_536;

/** The memory of large bytes, where it is all theirs and of one thread; null of others. */
export function ownMemory({ buffer, byteLength }: Uint8Array): ArrayBuffer | null {
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isOwn && byteLength >= LARGE_BYTES ? buffer : null;
}

/**
 * Give the memory of large bytes back, which nobody but the caller may have, and which are empty from then on.
 *
 * The runtime would do so at its next full collection, and starts one for each 64 MiB of such memory: with large bodies
 * and files these cost more than all that is done with them.
 */
export function releaseMemory(bytes: Uint8Array): void {
  ownMemory(bytes)?.transfer(0);
}
