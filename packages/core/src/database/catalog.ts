// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from './database.ts';
import { rawStatement } from './raw.ts';

/** What a column holds, whatever each database calls it. `integer` has up to 64 bits. */
export type ColumnKind = 'text' | 'integer' | 'real' | 'bytes';

export interface ColumnShape {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** A table as it is in the database at this moment. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  /** Columns of the primary key, in its order; empty when there is none. */
  readonly key: readonly string[];
  /** The column whose numbers the database gives; null when there is none. */
  readonly serial: string | null;
  /** Tables that must have their rows first. */
  readonly references: readonly string[];
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  text: 'text',
  varchar: 'text',
  'character varying': 'text',
  integer: 'integer',
  bigint: 'integer',
  smallint: 'integer',
  real: 'real',
  'double precision': 'real',
  blob: 'bytes',
  bytea: 'bytes',
};

/**
 * Read what tables there are, by their names. Those that `names` leaves out may hold anything and are not looked at.
 *
 * @throws Error for a column of a type that {@link ColumnKind} has no word for
 */
export async function readCatalog(
  db: Database<unknown>,
  names?: ReadonlySet<string>,
): Promise<ReadonlyMap<string, TableShape>> {
  const { catalog } = db.dialect;
  const columns = await db.read(rawStatement(db, catalog.columns));
  const references = await db.read(rawStatement(db, catalog.references));
  const byTable = Map.groupBy(columns, (column) => column.table_name);
  const shapes = [...byTable]
    .filter(([name]) => names?.has(name) ?? true)
    .map(([name, own]): TableShape => {
      const key = own.filter((column) => column.key_position > 0).toSorted((a, b) => a.key_position - b.key_position);
      return {
        name,
        columns: own.map(({ column_name, type }) => ({ name: column_name, kind: kindOf(name, column_name, type) })),
        key: key.map((column) => column.column_name),
        serial: own.find((column) => column.is_serial === 1)?.column_name ?? null,
        references: references.flatMap(({ table_name, target }) => (table_name === name ? [target] : [])),
      };
    });
  return new Map(shapes.map((shape) => [shape.name, shape]));
}

/** The names of all tables there are. */
export async function readTableNames(db: Database<unknown>): Promise<ReadonlySet<string>> {
  return new Set((await db.read(rawStatement(db, db.dialect.catalog.columns))).map((column) => column.table_name));
}

function kindOf(table: string, column: string, type: string): ColumnKind {
  const kind = KINDS[type];
  if (kind === undefined)
    throw new Error(`the column ${table}.${column} has the type ${type}, which is not known here`);
  return kind;
}
