// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * What an error of the server means for the group that met it.
 *
 * | fate | meaning | what is done |
 * | --- | --- | --- |
 * | `retry` | the transaction was chosen as a victim and may succeed as it is | the group runs again |
 * | `reconnect` | this connection is of no more use, another may be | the group runs once more, on a new connection |
 * | `unit` | the data or the statement is wrong | the unit fails with it, its neighbours go on |
 * | `busy` | one statement waited or ran for too long | the unit fails as unavailable, its neighbours go on |
 * | `full` | the disk is full | the group fails with `storage_full` |
 * | `away` | the server cannot work now | the group fails with `database_unavailable` |
 */
export type Fate = 'retry' | 'reconnect' | 'unit' | 'busy' | 'full' | 'away';

/**
 * SQLSTATEs, and their classes where all of a class share a fate.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const FATES: Readonly<Record<string, Fate>> = {
  '40001': 'retry', // serialization_failure
  '40P01': 'retry', // deadlock_detected

  '08': 'reconnect', // connection exceptions
  '0A000': 'reconnect', // cached plan must not change result type: a newer instance migrated under our statements
  '25006': 'reconnect', // read_only_sql_transaction: the primary may be another server by now
  '25P03': 'reconnect', // idle_in_transaction_session_timeout
  '25P04': 'reconnect', // transaction_timeout
  '26000': 'reconnect', // invalid_sql_statement_name: a proxy put another server connection behind this one
  '42P05': 'reconnect', // duplicate_prepared_statement, for the same reason
  '57P01': 'reconnect', // admin_shutdown, pg_terminate_backend
  '57P02': 'reconnect', // crash_shutdown
  '57P05': 'reconnect', // idle_session_timeout

  '21': 'unit', // cardinality violation
  '22': 'unit', // data exceptions
  '23': 'unit', // integrity constraint violations
  '42': 'unit', // syntax errors and access rules
  '54': 'unit', // program limits: an index row too large

  [LOCK_NOT_AVAILABLE]: 'busy', // lock_not_available: our lock_timeout
  '57014': 'busy', // query_canceled: our statement_timeout, pg_cancel_backend

  '53100': 'full', // disk_full

  '28': 'away', // invalid authorization: a password was changed
  '3D000': 'away', // invalid_catalog_name: no such database
  '53': 'away', // insufficient resources: 53200 out_of_memory, 53300 too_many_connections
  '57P03': 'away', // cannot_connect_now: starting up, shutting down, recovering
  '57P04': 'away', // database_dropped
  '58': 'away', // system errors: I/O
  XX: 'away', // internal errors, corrupted data
};

const UNIQUE_VIOLATION = '23505';
/** Function of the server that finds it out. */
const STALE_PLAN = 'RevalidateCachedQuery';

/** What is to be done about `error`. What has no SQLSTATE came from the connection, unless it is a bug. */
export function fateOf(error: unknown): Fate {
  const code = sqlStateOf(error);
  if (code === null) return error instanceof TypeError || error instanceof RangeError ? 'unit' : 'reconnect';
  return FATES[code] ?? FATES[code.slice(0, 2)] ?? 'away';
}

/**
 * Whether a prepared statement was planned for tables that have other columns by now: a newer version has migrated them
 * meanwhile. The connection keeps such plans, another one makes new ones.
 */
export function isStalePlan(error: unknown): boolean {
  // The code alone (feature_not_supported) would be too wide.
  return sqlStateOf(error) === '0A000' && error instanceof Error && 'routine' in error && error.routine === STALE_PLAN;
}

export function isUniqueViolation(error: unknown): error is Error {
  return sqlStateOf(error) === UNIQUE_VIOLATION;
}

export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === LOCK_NOT_AVAILABLE;
}

/** By its form, not by its class: a pool that the embedder brings may come from another copy of the driver. */
function sqlStateOf(error: unknown): string | null {
  const isOfServer = error instanceof Error && 'severity' in error && 'code' in error;
  return isOfServer && typeof error.code === 'string' ? error.code : null;
}
