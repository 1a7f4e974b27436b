// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Bytes that lie elsewhere and are read in pieces when they are wanted. */
export interface ByteSource {
  /** Known before anything is read, since MAIL names the size of a message; reading gives exactly as many. */
  readonly sizeBytes: number;
  /**
   * Read from the start, in pieces of any size, each of which is used up before the next one is asked for. Called once
   * for the signature and once for each transaction, and perhaps again while an earlier reading is not closed yet.
   */
  read(): AsyncIterable<Uint8Array>;
}
