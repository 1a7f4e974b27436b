// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** A recipient that is still to be served. */
export interface PendingRecipient {
  readonly position: number;
  readonly address: string;
  readonly attempts: number;
}

export interface LoadedRecipients {
  /** Served by none of the attempts before, in the order of the envelope. */
  readonly pending: readonly PendingRecipient[];
  /** Recipients decided by earlier attempts, by their state. */
  readonly decided: readonly string[];
}

/** Who a message is for, for those who need nothing else of it. */
export type LoadRecipients = (pk: string) => Promise<LoadedRecipients>;

export type RecipientRow = PendingRecipient & { readonly state: string };

export function prepareLoadRecipients(db: Database<CoreSchema>): LoadRecipients {
  const recipientsOf = db.prepare<{ pk: string }, RecipientRow>((k, p) =>
    k
      .selectFrom('message_recipients')
      .select(['position', 'address', 'attempts', 'state'])
      .where('message_pk', '=', p.pk)
      .orderBy('position'),
  );
  return async (pk) => byState(await db.read(recipientsOf.bind({ pk })));
}

export function byState(rows: readonly RecipientRow[]): LoadedRecipients {
  return {
    pending: rows.filter(({ state }) => state === 'pending'),
    decided: rows.filter(({ state }) => state !== 'pending').map(({ state }) => state),
  };
}
