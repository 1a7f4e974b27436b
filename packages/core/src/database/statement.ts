// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { ErrorCode } from '../errors.ts';

/** What a column may hold. Booleans are 0 and 1, times are milliseconds since the epoch, JSON is text. */
export type SqlValue = string | number | null | Uint8Array;

/** A query compiled once; `bind` fills its parameters. */
export interface Prepared<Input, Row> {
  readonly id: number;
  /** The same for the same text: engines of several schemas may share the connections of one pool. */
  readonly name: string;
  readonly sql: string;
  bind(input: Input): Statement<Row>;
}

/** A prepared query with its parameters, ready to run. */
export interface Statement<Row = unknown> {
  readonly prepared: Prepared<never, Row>;
  readonly parameters: readonly SqlValue[];
  /** Makes the whole unit fail with `orElse`, undone, unless exactly one row is changed or returned. */
  readonly guard?: ErrorCode;
  /** Large values may go to the thread that writes as they are, without a copy: nobody reads them here again. */
  readonly handsOver?: true;
}

/** What one statement did. */
export interface StatementResult<Row = unknown> {
  /** Rows inserted, updated or deleted. */
  readonly changes: number;
  /** Rows of a select or of RETURNING. */
  readonly rows: readonly Row[];
}

/** The results of a unit, statement by statement. */
export type UnitResult<S extends readonly Statement[]> = {
  readonly [K in keyof S]: S[K] extends Statement<infer Row> ? StatementResult<Row> : never;
};

/** 96 bits: no two texts have the same. */
const NAME_CHARACTERS = 16;

/** Stands in a compiled query for the input field `name`. */
export class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Builds a query from the typed query builder and placeholders that look like the input's fields. */
export type Build<Schema, Input, Row> = (db: Kysely<Schema>, input: Input) => Compilable<Row>;

/** An object whose every property is the placeholder of that name. */
export function placeholders<Input>(): Input {
  const target = {};
  const proxy = new Proxy(target, { get: (_, name) => new Placeholder(String(name)) });
  // The builder reads it as the input's type; only a compiler ever sees the placeholders.
  return proxy as Input;
}

/** Turn a compiled query into a {@link Prepared}: parameters are picked from the input by name, constants stay. */
export function prepared<Input, Row>(id: number, query: CompiledQuery<Row>): Prepared<Input, Row> {
  const sources = query.parameters.map((value) =>
    value instanceof Placeholder ? { name: value.name } : { constant: value as SqlValue },
  );
  const self: Prepared<Input, Row> = {
    id,
    name: `gmp_${createHash('sha256').update(query.sql).digest('base64url').slice(0, NAME_CHARACTERS)}`,
    sql: query.sql,
    bind(input) {
      // Every placeholder is a property of Input, whose values are SqlValue by the schema's types.
      const fields = input as Readonly<Record<string, SqlValue | undefined>>;
      const parameters = sources.map((source) => {
        if (!('name' in source)) return source.constant;
        const value = fields[source.name];
        if (value === undefined) throw new TypeError(`statement parameter ${source.name} is missing: ${query.sql}`);
        return value;
      });
      return { prepared: self as Prepared<never, Row>, parameters };
    },
  };
  return self;
}

/** The same statement, whose unit fails with `orElse` unless it touches exactly one row. */
export function exactlyOne<Row>(statement: Statement<Row>, orElse: ErrorCode): Statement<Row> {
  return { ...statement, guard: orElse };
}

/** The same statement; where a value has memory of its own, that may be gone once it was written. */
export function handingOver<Row>(statement: Statement<Row>): Statement<Row> {
  return { ...statement, handsOver: true };
}
