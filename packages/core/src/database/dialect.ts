// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type ColumnDataType,
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';

/** Column types by what they hold, for migrations. */
export interface ColumnTypes {
  /** UUIDv7 as text, compared byte by byte. */
  readonly pk: Expression<unknown> | ColumnDataType;
  /** Short text compared byte by byte, so that both databases sort alike. */
  readonly key: Expression<unknown> | ColumnDataType;
  readonly text: ColumnDataType;
  readonly integer: ColumnDataType;
  /** Milliseconds since the epoch, ranks, sequence numbers. */
  readonly bigint: ColumnDataType;
  readonly bytes: ColumnDataType;
  /** Integer primary key given by the database, never given twice. */
  readonly serial: Expression<unknown> | ColumnDataType;
}

/** Every difference between the databases. Nothing outside this folder asks which one it is. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** A Kysely that only compiles. */
  readonly compiler: Kysely<never>;
  readonly types: ColumnTypes;
  /**
   * Appended to the inner select of a claim. PostgreSQL: two claims at once must not wait for one another's rows.
   * SQLite has one writer, so there is nobody to lock out.
   */
  readonly claimLock: RawBuilder<unknown>;
  /**
   * Appended to a select of rows: fails while somebody else is writing them. SQLite: nobody else writes.
   */
  readonly rowLock: RawBuilder<unknown>;
  /**
   * A statement that lets nobody else past the same scope until the unit ends; null where writes are one at a time
   * anyway. PostgreSQL: two claims of one rate limit must not both find the same room.
   */
  readonly lockScope: ((scope: string) => RawBuilder<unknown>) | null;
  /**
   * Whether one process at most has the database open. SQLite: the lock on the side file sees to that, so whoever
   * started sees that all older sessions are dead at once. PostgreSQL: they are when their heartbeat is too old.
   */
  readonly isExclusive: boolean;
  /**
   * First statement of each migration. PostgreSQL: many instances start at once. SQLite: one server holds the file.
   */
  readonly migrationLock: RawBuilder<unknown> | null;
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  compiler: new Kysely<never>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  types: {
    pk: 'text',
    key: 'text',
    text: 'text',
    integer: 'integer',
    bigint: 'integer',
    bytes: 'blob',
    serial: sql`integer primary key autoincrement`,
  },
  claimLock: sql``,
  rowLock: sql``,
  lockScope: null,
  isExclusive: true,
  migrationLock: null,
};

export const postgresDialect: Dialect = {
  name: 'postgres',
  compiler: new Kysely<never>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  types: {
    pk: sql`text collate "C"`,
    key: sql`text collate "C"`,
    text: 'text',
    integer: 'integer',
    bigint: 'bigint',
    bytes: 'bytea',
    serial: sql`bigint generated always as identity primary key`,
  },
  claimLock: sql`for update skip locked`,
  rowLock: sql`for update nowait`,
  lockScope: (scope) => sql`select pg_advisory_xact_lock(hashtextextended(${scope}, 0))`,
  isExclusive: false,
  // An arbitrary constant of ours; it only has to differ from other advisory locks in the same database.
  migrationLock: sql`select pg_advisory_xact_lock(4709118221)`,
};
