// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** How far a move is. */
export interface TransferProgress {
  readonly phase: 'export' | 'check' | 'import' | 'verify';
  readonly table: string;
  /** Rows of this phase that are done, over all tables. */
  readonly rows: number;
  readonly total: number;
}

export type OnProgress = (progress: TransferProgress) => void;

/** Count the rows of one phase. */
export class PhaseProgress {
  readonly #phase: TransferProgress['phase'];
  readonly #total: number;
  readonly #tell: OnProgress;
  #rows = 0;

  constructor(phase: TransferProgress['phase'], total: number, tell: OnProgress) {
    this.#phase = phase;
    this.#total = total;
    this.#tell = tell;
  }

  /** Takes the rows that were done since the last call. */
  of(table: string): (rows: number) => void {
    return (rows) => {
      this.#rows += rows;
      this.#tell({ phase: this.#phase, table, rows: this.#rows, total: this.#total });
    };
  }
}
