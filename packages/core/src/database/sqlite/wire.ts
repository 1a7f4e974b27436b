// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SqlValue } from '../statement.ts';

/** What the main thread and a worker say to each other: arrays, since objects cost more to clone. */

/** Statement id, its parameters, and 1 where exactly one row must be touched. */
export type WireStatement = readonly [id: number, parameters: readonly SqlValue[], guarded: 0 | 1];

export interface WireRequest {
  /** Statements that the worker has not seen yet. */
  readonly define: readonly (readonly [id: number, sql: string])[];
  readonly units: readonly (readonly WireStatement[])[];
}

/** Changes, and the rows as arrays in the order of the statement's columns. */
export type WireResult = readonly [changes: number, rows: readonly (readonly SqlValue[])[]];

/** `away`: the file cannot be read or written as it should, whatever the statement. */
export type WireErrorKind = 'guard' | 'unique' | 'full' | 'away' | 'other';

export type WireUnitResult =
  | { readonly ok: readonly WireResult[] }
  | { readonly error: WireErrorKind; readonly index: number; readonly message: string };

export type WireResponse =
  | {
      readonly kind: 'done';
      /** Column names of statements run for the first time. */
      readonly columns: readonly (readonly [id: number, names: readonly string[]])[];
      readonly units: readonly WireUnitResult[];
    }
  /** The transaction did not commit: nothing of it was kept. */
  | { readonly kind: 'lost'; readonly error: WireErrorKind; readonly message: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: 'locked' | 'other'; readonly message: string };

export interface WorkerSettings {
  readonly path: string;
  readonly role: 'writer' | 'reader';
}
