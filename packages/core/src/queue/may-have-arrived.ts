// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Whether an attempt ended without an answer, so that the relay may have taken the message. */
export type MayHaveArrived = (pk: string) => Promise<boolean>;

export function prepareMayHaveArrived(db: Database<CoreSchema>): MayHaveArrived {
  const doubtful = db.prepare<{ pk: string }, { pk: string }>((k, p) =>
    k
      .selectFrom('message_events')
      .select('pk')
      .where('message_pk', '=', p.pk)
      .where('detail', 'like', sql.lit('%"possibleDuplicate":true%'))
      .limit(sql.lit(1)),
  );
  return async (pk) => (await db.read(doubtful.bind({ pk }))).length > 0;
}
