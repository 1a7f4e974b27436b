// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Bytes that are read while they are sent. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Pieces from the start; may be called several times. */
  read(): AsyncIterable<Uint8Array>;
}
