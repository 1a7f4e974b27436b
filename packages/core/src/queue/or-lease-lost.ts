// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StatementResult } from '../database/statement.ts';
import { MailProxyError } from '../errors.ts';

/**
 * What became of each message that one update was for, by the keys which that update returned.
 *
 * @throws {MailProxyError} `lease_lost`, from the function: the message is another session's by now
 */
export function orLeaseLost(updated: StatementResult | undefined): (message: { readonly pk: string }) => void {
  // The update returns these.
  const rows = (updated?.rows ?? []) as readonly { readonly pk: string }[];
  const pks = new Set(rows.map(({ pk }) => pk));
  return ({ pk }) => {
    if (!pks.has(pk)) throw new MailProxyError('lease_lost');
  };
}
