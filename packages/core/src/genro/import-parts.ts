// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Findings } from './findings.ts';
import type { OldSecrets } from './old-secrets.ts';
import type { GenroSource } from './source.ts';

/** Runs an operation as the operator, on an engine that has the database open and does not send. */
export type RunOperation = (operation: string, input: unknown) => Promise<unknown>;

/** What every step of an import uses. */
export interface ImportParts {
  readonly source: GenroSource;
  readonly secrets: OldSecrets;
  readonly run: RunOperation;
  /** Ids of the mixins that there are. */
  readonly mixins: readonly string[];
  readonly clock: Clock;
  readonly findings: Findings;
  /** Forget the key that a new tenant is given. */
  readonly forgetKey: (token: string) => Promise<void>;
  /** Takes rows of a table that are done. */
  readonly onRows: (table: string, rows: number) => void;
}
