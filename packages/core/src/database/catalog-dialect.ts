// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, type RawBuilder, sql } from 'kysely';

/** One column of one table, as the catalog of the database has it. */
export interface CatalogColumn {
  readonly table_name: string;
  readonly column_name: string;
  /** Lower case, as the database calls it. */
  readonly type: string;
  /** Place in the primary key from 1; 0 when it is no part of it. */
  readonly key_position: number;
  /** 1 when the database gives its numbers. */
  readonly is_serial: number;
}

/** A foreign key, without its columns. */
export interface CatalogReference {
  readonly table_name: string;
  readonly target: string;
}

/** How one database tells what its tables look like, and how rows get into them with the keys that they had. */
export interface CatalogDialect {
  /** Every column of every table of the schema in use, in the order of the columns. */
  readonly columns: RawBuilder<CatalogColumn>;
  readonly references: RawBuilder<CatalogReference>;
  /** The last number that a serial column gave, 0 for none. It may be higher than any number still in the table. */
  readonly readCounter: (table: string, column: string) => RawBuilder<{ readonly value: number }>;
  readonly setCounter: (table: string, column: string, value: number) => readonly RawBuilder<unknown>[];
  /** Part of an insert that brings its own numbers for a serial column. PostgreSQL refuses them otherwise. */
  readonly withOwnNumbers: RawBuilder<unknown>;
  /** Text compared byte by byte. PostgreSQL: a mixin's key may be a plain text column, ordered by some language. */
  readonly bytewise: (column: Expression<unknown>) => Expression<unknown>;
  /**
   * After a table was filled at once. PostgreSQL: until autovacuum comes by, the planner takes the table for empty.
   * SQLite plans without statistics here.
   */
  readonly refreshStatistics: ((table: string) => RawBuilder<unknown>) | null;
}

export const sqliteCatalog: CatalogDialect = {
  columns: sql`
    select m.name as table_name, c.name as column_name, lower(c.type) as type, c.pk as key_position,
      (c.pk = 1 and m.sql like '%autoincrement%') as is_serial
    from sqlite_schema m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\'
    order by m.name, c.cid`,
  references: sql`
    select distinct m.name as table_name, f."table" as target
    from sqlite_schema m, pragma_foreign_key_list(m.name) f
    where m.type = 'table'`,
  readCounter: (table) =>
    sql`select coalesce((select seq from sqlite_sequence where name = ${sql.lit(table)}), 0) as value`,
  setCounter: (table, _column, value) => [
    sql`delete from sqlite_sequence where name = ${sql.lit(table)}`,
    sql`insert into sqlite_sequence (name, seq) values (${sql.lit(table)}, ${sql.lit(value)})`,
  ],
  withOwnNumbers: sql``,
  bytewise: (column) => column,
  refreshStatistics: null,
};

/** @param schema in which the tables stand; null: the first one of the search path */
export function postgresCatalogOf(schema: string | null): CatalogDialect {
  // Null where the schema is not there yet: then there are no tables.
  const namespace =
    schema === null ? sql`current_schema()::regnamespace` : sql`to_regnamespace(${sql.lit(quoted(schema))})`;
  const prefix = schema === null ? '' : `${quoted(schema)}.`;
  const sequenceOf = (table: string, column: string): RawBuilder<unknown> =>
    sql`pg_get_serial_sequence(${sql.lit(prefix + quoted(table))}, ${sql.lit(column)})`;
  return {
    columns: sql`
      select c.relname as table_name, a.attname as column_name, lower(format_type(a.atttypid, null)) as type,
        coalesce((
          select k.position from pg_index i, unnest(i.indkey::smallint[]) with ordinality as k (number, position)
          where i.indrelid = c.oid and i.indisprimary and k.number = a.attnum
        ), 0)::int as key_position,
        (a.attidentity <> '')::int as is_serial
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = ${namespace} and c.relkind in ('r', 'p')
        and a.attnum > 0 and not a.attisdropped
      order by c.relname, a.attnum`,
    references: sql`
      select distinct c.relname as table_name, t.relname as target
      from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class t on t.oid = f.confrelid
      where f.contype = 'f' and c.relnamespace = ${namespace}`,
    readCounter: (table, column) =>
      sql`select coalesce(pg_sequence_last_value(${sequenceOf(table, column)}::regclass), 0) as value`,
    // The third argument: whether that number was given already.
    setCounter: (table, column, value) => [
      sql`select setval(${sequenceOf(table, column)}, ${sql.lit(Math.max(value, 1))}, ${sql.lit(value > 0)})`,
    ],
    withOwnNumbers: sql`overriding system value`,
    bytewise: (column) => sql`${column} collate "C"`,
    refreshStatistics: (table) => sql`analyze ${sql.table(table)}`,
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
