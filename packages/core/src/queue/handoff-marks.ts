// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ClaimedMessage } from './claim.ts';
import { ifSessionLives } from './session-lives.ts';

type Handed = Pick<ClaimedMessage, 'pk' | 'owner_session'>;

/**
 * The marks of messages that were handed to a connection. Under `on_in_doubt: retry` nothing depends on a mark, so it
 * costs no transaction: it waits in memory, goes with the next outcome that is written, and is dropped where the
 * message's own outcome comes first. Under `hold` and `fail` it is on disk before MAIL.
 */
export class HandoffMarks {
  readonly #db: Database<CoreSchema>;
  readonly #mark: (message: Handed, now: number) => Statement;
  readonly #waiting = new Map<string, Statement>();

  constructor(db: Database<CoreSchema>) {
    const mark = db.prepare<{ pk: string; session: number; now: number }>((k, p) =>
      k
        .updateTable('messages')
        .set({ handed_at: p.now })
        .where('pk', '=', p.pk)
        .where('state', '=', sql.lit('leased'))
        .where('owner_session', '=', p.session)
        .where(ifSessionLives(p.session)),
    );
    this.#db = db;
    this.#mark = ({ pk, owner_session }, now) => mark.bind({ pk, session: owner_session, now });
  }

  /** Remember that the message is handed over; it is written with the next outcome. */
  note(message: Handed, now: number): void {
    this.#waiting.set(message.pk, this.#mark(message, now));
  }

  /**
   * Resolves once the mark is on disk.
   *
   * @throws {MailProxyError} `lease_lost`: the message is another session's by now and must not be sent
   */
  async write(message: Handed, now: number): Promise<void> {
    await this.#db.write([exactlyOne(this.#mark(message, now), 'lease_lost')]);
  }

  /** The message's own outcome is about to be written. */
  forget(pk: string): void {
    this.#waiting.delete(pk);
  }

  /** The marks that wait, to go with what is written now; they may be lost without harm. */
  take(): readonly Statement[] {
    const marks = [...this.#waiting.values()];
    this.#waiting.clear();
    return marks;
  }
}
