// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type OnConflictBuilder, sql } from 'kysely';

/** Rows as one parameter. */
export interface Rows {
  readonly rows: string;
}

export type RowsWithBytes = Rows & { readonly bytes: Uint8Array };

/** After a commit in doubt a message is stored again, under the same key: what is there stays as it is. */
export const wasStored = <DB, Table extends keyof DB>(oc: OnConflictBuilder<DB, Table>) => oc.doNothing();

/** Of a row `r` with the key of a message, which is new in each submission: whether that message was stored. */
export const messageIsStored = sql<boolean>`exists (
  select 1 from ${sql.table('messages')} m where m.pk = r.message_pk
)`;
