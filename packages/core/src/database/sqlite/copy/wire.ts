// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What the thread that copies a database is started with. */
export interface CopySettings {
  readonly from: string;
  /** A new file. */
  readonly to: string;
}

/** What it says, in this order unless it fails. */
export type CopyNews =
  /** The moment of the copy is settled: nothing that is committed from here on is in it. */
  | { readonly kind: 'begun'; readonly bytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly isFull: boolean; readonly message: string };
