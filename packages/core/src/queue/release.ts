// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ClaimedMessage } from './claim.ts';

/**
 * Give back messages that were claimed and not begun: uncounted, at their old place in the lane. What another
 * session owns by now is left alone.
 */
export type Release = (messages: readonly Pick<ClaimedMessage, 'pk' | 'owner_session'>[], now: number) => Promise<void>;

export function prepareRelease(db: Database<CoreSchema>): Release {
  const release = db.prepare<{ pk: string; session: number; now: number }>((k, p) =>
    k
      .updateTable('messages')
      .set({ state: sql.lit('ready'), owner_session: null, handed_at: null, updated_at: p.now })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  return async (messages, now) => {
    if (messages.length === 0) return;
    await db.write(messages.map(({ pk, owner_session }) => release.bind({ pk, session: owner_session, now })));
  };
}
