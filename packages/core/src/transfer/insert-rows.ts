// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { TableShape } from '../database/catalog.ts';
import type { Database } from '../database/database.ts';
import { prepareRaw } from '../database/raw.ts';
import type { Prepared, SqlValue, Statement } from '../database/statement.ts';

/** Parameters of one statement: far below what both take (32,766 and 65,535), and enough that more wins nothing. */
const MAX_PARAMETERS = 1_000;

/** Make the statements that insert rows, given as their values in the order of the columns. */
export type InsertRows = (rows: readonly (readonly SqlValue[])[]) => readonly Statement[];

type Values = Readonly<Record<string, SqlValue>>;

export function prepareInsertRows(db: Database<unknown>, table: TableShape): InsertRows {
  const many = Math.max(1, Math.floor(MAX_PARAMETERS / table.columns.length));
  const insertMany = prepareInsert(db, table, many);
  const insertOne = many === 1 ? insertMany : prepareInsert(db, table, 1);
  return (rows) => {
    const whole = rows.length - (rows.length % many);
    const statements: Statement[] = [];
    for (let at = 0; at < whole; at += many) statements.push(bound(insertMany, rows.slice(at, at + many)));
    for (const row of rows.slice(whole)) statements.push(bound(insertOne, [row]));
    return statements;
  };
}

function prepareInsert(db: Database<unknown>, table: TableShape, rows: number): Prepared<Values, unknown> {
  const columns = sql.join(table.columns.map(({ name }) => sql.ref(name)));
  const ownNumbers = table.serial === null ? sql`` : db.dialect.catalog.withOwnNumbers;
  return prepareRaw<Values>(db, (input) => {
    const row = (at: number) => sql`(${sql.join(table.columns.map((_, column) => input[`${at}.${column}`]))})`;
    const values = sql.join(Array.from({ length: rows }, (_, at) => row(at)));
    return sql`insert into ${sql.table(table.name)} (${columns}) ${ownNumbers} values ${values}`;
  });
}

/** As `bind` does, whose input would be an object with a field for each value: the placeholders stand in this order. */
function bound(prepared: Prepared<Values, unknown>, rows: readonly (readonly SqlValue[])[]): Statement {
  // A statement only runs its query; what the query takes is no part of it.
  return { prepared: prepared as Prepared<never, unknown>, parameters: rows.flat() };
}
