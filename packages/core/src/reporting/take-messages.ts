// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement, StatementResult } from '../database/statement.ts';
import type { RejectedMessage } from '../entities/report/report.table.ts';

/** Messages of an answer, ready to be stored with what else the call leaves behind. They have room until disposed of. */
export interface TakenMessages extends Disposable {
  /** Stores those that are new. */
  readonly statements: readonly Statement[];
  readonly accepted: number;
  /** The tenant has messages with their ids already: it answered with them before. */
  readonly duplicates: number;
  readonly rejected: readonly RejectedMessage[];
  /** Once they are on disk, with what their statements answered: they may be sent. */
  readonly stored: (results: readonly StatementResult[]) => void;
}

/**
 * Check the messages of an answer as if the tenant had posted them.
 *
 * @throws {MailProxyError} what concerns not one of them alone, such as `storage_full` and `overloaded`. Then the answer
 * confirms nothing, and the tenant gives it again
 */
export type TakeMessages = (tenantId: string, messages: readonly unknown[]) => Promise<TakenMessages>;

export const NO_MESSAGES: TakenMessages = {
  statements: [],
  accepted: 0,
  duplicates: 0,
  rejected: [],
  stored: () => undefined,
  [Symbol.dispose]: () => undefined,
};
