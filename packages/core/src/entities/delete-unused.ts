// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';
import { MailProxyError } from '../errors.ts';
import type { CoreSchema } from './schema.ts';

/** How many rows of each kind depend on a row. */
export type Dependants = Readonly<Record<string, number>>;

export interface DeleteUnused {
  /** Deletes the row if nothing depends on it: the condition is in the statement, so that nothing can come between. */
  readonly remove: Statement;
  /** One row of counts while the row to delete exists, none otherwise. */
  readonly dependants: Statement<Dependants>;
  readonly detail: (counts: Dependants) => string;
  /** Messages that wait, by their states. */
  readonly waiting: Statement<{ readonly state: string; readonly count: number }>;
}

/** What is in the way may go while it is counted; then it is tried again, this often. */
const MAX_TRIES = 3;

/**
 * Delete a row that nothing depends on. What another instance adds meanwhile breaks the foreign key; the database then
 * runs the unit once more, and the condition sees it.
 *
 * @throws {MailProxyError} `not_found`, `in_use` with the counts, those of waiting messages by their states too, `conflict`
 */
export async function deleteUnused(database: Database<CoreSchema>, options: DeleteUnused): Promise<void> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const [{ changes }] = await database.write([options.remove]);
    if (changes === 1) return;
    const [counts] = await database.read(options.dependants);
    if (counts === undefined) throw new MailProxyError('not_found');
    if (Object.values(counts).some((count) => count > 0)) {
      const states = await database.read(options.waiting);
      const byState = Object.fromEntries(states.map(({ state, count }) => [state, count]));
      throw new MailProxyError('in_use', { detail: options.detail(counts), extra: { ...counts, ...byState } });
    }
  }
  throw new MailProxyError('conflict', { detail: 'what depends on it keeps changing; try again' });
}
