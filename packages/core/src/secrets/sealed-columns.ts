// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Text that a {@link Sealer} made. The type of every column that holds a secret. */
export type Sealed = string & { readonly [sealed]: true };
declare const sealed: unique symbol;

/** A column whose values are sealed, and how their rows are told apart. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The columns whose values, joined by `:`, are the row of a value's place; together they name one row. */
  readonly key: readonly string[];
  /** How many rows may be in memory together, where they are large. @defaultValue 500 */
  readonly pageRows?: number;
  /** Of bytes: the column that says which key sealed them. @defaultValue text that says it itself */
  readonly sealedAs?: string;
}

/** `table.column` of each column of these tables that is typed as sealed. */
export type SealedColumnName<Schema> = {
  [Table in keyof Schema & string]: {
    [Column in keyof Schema[Table] & string]: [Exclude<Schema[Table][Column], null>] extends [never]
      ? never
      : Exclude<Schema[Table][Column], null> extends Sealed
        ? `${Table}.${Column}`
        : never;
  }[keyof Schema[Table] & string];
}[keyof Schema & string];

/**
 * List the sealed columns of a schema. The types hold the list complete: a column that is typed as {@link Sealed} and
 * missing here, or listed and typed otherwise, does not compile. Rotation, the counts of keys and the sealer go by it.
 *
 * @example
 * ```ts
 * interface Tables { readonly mailboxes: { readonly pk: string; readonly password: Sealed } }
 * const columns = listSealedColumns<Tables>({ 'mailboxes.password': ['pk'] });
 * ```
 */
export function listSealedColumns<Schema>(
  columns: Readonly<Record<SealedColumnName<Schema>, readonly [string, ...string[]]>>,
): readonly SealedColumn[] {
  return Object.entries<readonly string[]>(columns).map(([name, key]) => {
    const dot = name.indexOf('.');
    return { table: name.slice(0, dot), column: name.slice(dot + 1), key };
  });
}
