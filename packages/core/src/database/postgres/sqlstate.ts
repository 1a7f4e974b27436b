// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pg from 'pg';

/** SQLSTATEs after which the same transaction may succeed (PostgreSQL, appendix A). */
const RETRYABLE: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

const UNIQUE_VIOLATION = '23505';

export function isRetryable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && RETRYABLE.has(error.code ?? '');
}

/**
 * Whether a prepared statement was planned for tables that have other columns by now: a newer version has migrated them
 * meanwhile. The connection keeps such plans, another one makes new ones. SQLSTATE 0A000 (feature_not_supported) alone
 * would be too wide.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
}

export function isUniqueViolation(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION;
}

/**
 * Whether the statement is at fault, not the server or the way to it: data exception (22), integrity constraint
 * violation (23), syntax error or access rule (42).
 */
export function isStatementError(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(22|23|42)/.test(error.code ?? '');
}
