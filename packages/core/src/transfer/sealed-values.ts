// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TableShape } from '../database/catalog.ts';
import { parseSealedAs } from '../entities/message/content-sealer.ts';
import { sealedBy } from '../secrets/sealer.ts';
import type { ReadRow } from './canonical-row.ts';

/** Secrets of one column that were sealed with the same key. */
export interface SealedValues {
  /** `table.column` */
  readonly column: string;
  /** Id of the key. */
  readonly key: string;
  readonly values: number;
}

/** Finds out which keys the secrets of a database were sealed with, wherever they stand. */
export class SealedValueCount {
  readonly #counts = new Map<string, { readonly column: string; readonly key: string; values: number }>();

  look({ name: table, columns }: TableShape, row: ReadRow): void {
    for (const { name } of columns) {
      const value = row[name];
      const key = typeof value === 'string' ? keyIn(name, value) : null;
      if (key !== null) this.#count(`${table}.${name}`, key);
    }
  }

  get counts(): readonly SealedValues[] {
    return [...this.#counts.values()].map((count) => ({ ...count }));
  }

  #count(column: string, key: string): void {
    const name = `${column} ${key}`;
    const known = this.#counts.get(name);
    if (known === undefined) this.#counts.set(name, { column, key, values: 1 });
    else known.values += 1;
  }
}

/** Bytes say it in a column beside them. */
function keyIn(column: string, value: string): string | null {
  if (column !== 'sealed_as') return sealedBy(value);
  const { keyId } = parseSealedAs(value);
  return keyId === '' ? null : keyId;
}
