// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ClaimedMessage } from './claim.ts';

/**
 * Give back messages that were claimed and not begun: uncounted, at their old place in the lane. What another
 * session owns by now is left alone.
 */
export type Release = (messages: readonly Pick<ClaimedMessage, 'pk' | 'owner_session'>[], now: number) => Promise<void>;

export function prepareRelease(db: Database<CoreSchema>): Release {
  const release = prepareReleaseOne(db);
  return async (messages, now) => {
    if (messages.length === 0) return;
    await db.write(messages.map(({ pk, owner_session }) => release({ pk, session: owner_session, now })));
  };
}

/**
 * Give back what a claim may have taken whose commit is in doubt. Where their rows can be locked, that transaction is
 * over, and each says whether it is ours.
 *
 * @throws {MailProxyError} `database_unavailable` while the server may still be at it
 */
export function prepareTakeBack(db: Database<CoreSchema>): Release {
  const release = prepareReleaseOne(db);
  const lock = db.prepare<{ pk: string }>((k, p) =>
    k.selectFrom('messages').select('pk').where('pk', '=', p.pk).modifyEnd(db.dialect.rowLock),
  );
  return async (messages, now) => {
    if (messages.length === 0) return;
    await db.write([
      ...messages.map(({ pk }) => lock.bind({ pk })),
      ...messages.map(({ pk, owner_session }) => release({ pk, session: owner_session, now })),
    ]);
  };
}

interface ReleaseInput {
  readonly pk: string;
  readonly session: number;
  readonly now: number;
}

function prepareReleaseOne(db: Database<CoreSchema>): (input: ReleaseInput) => Statement {
  const release = db.prepare<ReleaseInput>((k, p) =>
    k
      .updateTable('messages')
      .set({ state: sql.lit('ready'), owner_session: null, handed_at: null, updated_at: p.now })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '=', p.session),
  );
  return (input) => release.bind(input);
}
