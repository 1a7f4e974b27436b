// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { CommitInDoubt, type Database } from '../database/database.ts';
import type { MessagesTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError } from '../errors.ts';
import type { Accept } from './accept.ts';

/** A client waits for its answer; after this it is told to come back, with the same id. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 200;

/**
 * Store a message so that the answer is true. When its commit is in doubt it is stored again under the same key: that
 * waits for the transaction in doubt, and is refused exactly when that one succeeded.
 */
export function acceptDespiteDoubt(accept: Accept, db: Database<CoreSchema>, clock: Clock): Accept {
  const find = db.prepare<{ pk: string }, Pick<MessagesTable, 'state'>>((k, p) =>
    k.selectFrom('messages').select('state').where('pk', '=', p.pk),
  );
  return async (draft) => {
    const { pk, eligible_at: eligibleAt, created_at: createdAt, unfetched } = draft.message;
    const until = clock.monotonic() + PATIENCE_MS;
    let isInDoubt = false;
    for (;;) {
      try {
        return await accept(draft);
      } catch (error) {
        isInDoubt ||= error instanceof CommitInDoubt;
        if (!isInDoubt) throw error;
        if (isMailProxyError(error, 'duplicate_id')) {
          const [row] = await db.read(find.bind({ pk }));
          // Somebody else has the id, or it is our message, which may have moved on by now.
          if (row === undefined) throw error;
          if (row.state === 'suspended') return 'suspended';
          if (eligibleAt > createdAt) return 'deferred';
          return unfetched > 0 ? 'preparing' : 'ready';
        }
        if (!isMailProxyError(error, 'database_unavailable') || clock.monotonic() >= until) throw error;
        await clock.sleep(PAUSE_MS);
      }
    }
  };
}
