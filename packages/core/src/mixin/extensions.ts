// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GenericSchema, InferOutput } from 'valibot';
import type { Statement } from '../database/statement.ts';

/** A field that a mixin adds to what the core keeps, in a table of its own. */
export interface Extension {
  /** What is given and shown; a row without it shows null. */
  readonly schema: GenericSchema;
  /** The values of these rows, by primary key; those that have none are left out. */
  load(pks: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  /** Written in the unit that adds or changes the row. @param value null clears it */
  save(pk: string, value: unknown): readonly Statement[];
}

/** By the row that is extended and the name of the field, in snake_case. Tenants are known by their id. */
export interface Extensions {
  readonly tenant?: Readonly<Record<string, Extension>>;
  readonly account?: Readonly<Record<string, Extension>>;
}

/** Declare an extension; the types follow from the schema. */
export function defineExtension<Schema extends GenericSchema>(extension: {
  readonly schema: Schema;
  load(pks: readonly string[]): Promise<ReadonlyMap<string, InferOutput<Schema>>>;
  save(pk: string, value: InferOutput<Schema> | null): readonly Statement[];
}): Extension {
  // The engine gives `save` nothing but what the schema parsed, or null.
  return extension as Extension;
}
