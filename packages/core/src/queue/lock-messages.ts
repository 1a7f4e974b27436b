// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { Statement } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';

/**
 * Keeps all others off these messages until the unit ends, once whoever has them under way is done. No statement where
 * nobody else writes meanwhile, or for no message.
 */
export type LockMessages = (messages: readonly { readonly pk: string }[]) => readonly Statement[];

export function prepareLockMessages(db: Database<CoreSchema>): LockMessages {
  const { rows, rowLocks } = db.dialect;
  if (rowLocks === null) return () => [];
  const lock = db.prepare<{ rows: string }>((k, p) =>
    k
      .selectFrom('messages')
      .select('pk')
      .where('pk', 'in', (eb) => eb.selectFrom(rows<{ pk: string }>(p.rows, { pk: 'text' }).as('r')).select('r.pk'))
      // In one order for everybody, so that two instances never wait for each other.
      .orderBy('pk')
      .modifyEnd(rowLocks.update),
  );
  return (messages) =>
    messages.length === 0 ? [] : [lock.bind({ rows: rowsJson(messages.map(({ pk }) => ({ pk }))) })];
}
