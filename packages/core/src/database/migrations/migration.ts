// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Compilable, Kysely, SchemaModule } from 'kysely';
import type { ColumnTypes } from '../dialect.ts';

/** One step of the schema. Never changed once released: a mistake is mended by the next step. */
export interface Migration {
  /** 1, 2, 3 ... within its namespace. */
  readonly number: number;
  readonly name: string;
  /**
   * The oldest schema number whose code can still work on the database after this step. A step that only adds
   * keeps the one before, so that running older instances go on during a rolling upgrade.
   */
  readonly minReader: number;
  readonly up: (schema: SchemaModule, types: ColumnTypes, compiler: Kysely<never>) => readonly Compilable[];
}

/** Steps of one owner: `core`, or a mixin's id. Mixins never alter tables of core. */
export interface MigrationList {
  readonly namespace: string;
  readonly migrations: readonly Migration[];
}
