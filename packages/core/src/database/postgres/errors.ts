// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { RowsLocked, UniqueViolation } from '../database.ts';
import { fateOf, isLockTimeout, isUniqueViolation } from './sqlstate.ts';

export function unavailable(detail: string, cause?: unknown): MailProxyError {
  return new MailProxyError('database_unavailable', {
    detail: `the database does not answer: ${detail}`,
    cause,
  });
}

/** What the caller of a statement is told of a failure: operational codes, or the statement's own error. */
export function databaseError(error: unknown): Error {
  if (error instanceof MailProxyError || error instanceof UniqueViolation) return error;
  if (isUniqueViolation(error)) return new UniqueViolation(error.message, { cause: error });
  const thrown = error instanceof Error ? error : new Error(String(error));
  const fate = fateOf(error);
  switch (fate) {
    case 'unit':
      return thrown;
    case 'full':
      return new MailProxyError('storage_full', { cause: error });
    case 'busy':
      return isLockTimeout(error) ? new RowsLocked(thrown) : unavailable(thrown.message, error);
    case 'retry':
    case 'reconnect':
    case 'away':
      return unavailable(thrown.message, error);
    default:
      return fate satisfies never;
  }
}
