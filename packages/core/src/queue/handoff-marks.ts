// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { Gathering } from '../database/gathering.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { Prepared, Statement } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { TransientMap } from '../transient.ts';
import type { ClaimedMessage } from './claim.ts';
import { orLeaseLost } from './or-lease-lost.ts';
import { ifSessionLives } from './session-lives.ts';

type Handed = Pick<ClaimedMessage, 'pk' | 'owner_session'>;

interface Mark {
  readonly pk: string;
  readonly session: number;
  /** Milliseconds. */
  readonly at: number;
}

/**
 * The marks of messages that were handed to a connection. Under `on_in_doubt: retry` nothing depends on a mark, so it
 * costs no transaction: it waits in memory, goes with the next outcome that is written, and is dropped where the
 * message's own outcome comes first. Under `hold` and `fail` it is on disk before MAIL.
 */
export class HandoffMarks {
  readonly #mark: Prepared<{ readonly rows: string }, { readonly pk: string }>;
  readonly #gathering: Gathering<Mark, void>;
  readonly #waiting = new TransientMap<string, Mark>();

  constructor(db: Database<CoreSchema>) {
    this.#mark = db.prepare((k, p) =>
      k
        .updateTable('messages')
        .from(db.dialect.rows<Mark>(p.rows, { pk: 'text', session: 'bigint', at: 'bigint' }).as('r'))
        .set((eb) => ({ handed_at: eb.ref('r.at') }))
        .whereRef('messages.pk', '=', 'r.pk')
        .where('messages.state', '=', sql.lit('leased'))
        .whereRef('messages.owner_session', '=', 'r.session')
        .where(ifSessionLives(sql.ref('r.session')))
        .returning('messages.pk'),
    );
    this.#gathering = new Gathering<Mark, void>(db, {
      keyOf: ({ pk }) => pk,
      unit: (marks) => ({
        statements: [this.#statementOf(marks)],
        outcome: ([marked]) => orLeaseLost(marked),
      }),
    });
  }

  /** Remember that the message is handed over; it is written with the next outcome. */
  note(message: Handed, now: number): void {
    this.#waiting.set(message.pk, markOf(message, now));
  }

  /**
   * Resolves once the mark is on disk. Marks that wait for the writer together go together.
   *
   * @throws {MailProxyError} `lease_lost`: the message is another session's by now and must not be sent
   */
  async write(message: Handed, now: number): Promise<void> {
    await this.#gathering.write(markOf(message, now));
  }

  /** The message's own outcome is about to be written. */
  forget(pk: string): void {
    this.#waiting.delete(pk);
  }

  /** The marks that wait, to go with what is written now; they may be lost without harm. */
  take(): readonly Statement[] {
    if (this.#waiting.size === 0) return [];
    const marks = [...this.#waiting.values()];
    this.#waiting.clear();
    return [this.#statementOf(marks)];
  }

  #statementOf(marks: readonly Mark[]): Statement {
    return this.#mark.bind({ rows: rowsJson(marks) });
  }
}

function markOf({ pk, owner_session: session }: Handed, at: number): Mark {
  return { pk, session, at };
}
