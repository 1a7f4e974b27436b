// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { RawBuilder } from 'kysely';
import type { Database } from './database.ts';
import type { Prepared, Statement } from './statement.ts';

/** Prepare a query that the query builder cannot say, such as one over tables known by name only. */
export function prepareRaw<Input, Row = unknown>(
  db: Database<unknown>,
  build: (input: Input) => RawBuilder<Row>,
): Prepared<Input, Row> {
  return db.prepare<Input, Row>((k, input) => ({ compile: () => build(input).compile(k) }));
}

/** A query without parameters, ready to run. */
export function rawStatement<Row>(db: Database<unknown>, query: RawBuilder<Row>): Statement<Row> {
  return prepareRaw<object, Row>(db, () => query).bind({});
}
