// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import { type ContentSealer, plainContents } from '../entities/message/content-sealer.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { AcceptedMail } from './accepted-mail.ts';
import { type LoadedFiles, prepareLoadAttachments } from './load-attachments.ts';
import { byState, type LoadedRecipients, type RecipientRow } from './load-recipients.ts';

/** What an attempt needs besides the queue's row. */
export interface LoadedMessage extends LoadedRecipients, LoadedFiles {
  /** JSON, as accepted. */
  readonly content: string;
}

export type LoadClaimed = (pk: string) => Promise<LoadedMessage>;

export interface ClaimedLoader {
  /** What was read ahead, or else is read now. */
  readonly load: LoadClaimed;
  /** Read these in one go, as their attempts are about to begin. */
  readonly loadAhead: (pks: readonly string[]) => void;
}

/** A body that is longer, in bytes, is not held before its attempt begins. */
const MAX_BYTES_AHEAD = 65_536;
/** The longest that both databases count. */
const ANY_LENGTH = 2_147_483_647;
/** What is read ahead and was not asked for; those that were claimed first make room, and are read again. */
const MAX_MESSAGES_AHEAD = 1_000;
const NO_FILES: LoadedFiles = { attachments: [], detached: [] };

interface ContentRow {
  readonly message_pk: string;
  readonly content: string;
  readonly attachments: number;
}

interface Read {
  readonly content: ContentRow;
  readonly recipients: readonly RecipientRow[];
}

/**
 * Who holds the lease of a message is the only one who changes its content or its recipients, so that what is read
 * after the claim stays true until the attempt.
 */
export function prepareLoadClaimed(
  db: Database<CoreSchema>,
  sealed: ContentSealer = plainContents,
  accepted: AcceptedMail | null = null,
): ClaimedLoader {
  const { rows } = db.dialect;
  const contents = db.prepare<{ pks: string; maxBytes: number }, ContentRow>((k, p) =>
    k
      .selectFrom(rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_contents as c', 'c.message_pk', 'r.pk')
      .select(['c.message_pk', 'c.content'])
      .select(
        sql<number>`(select count(*) from ${sql.table('message_attachments')} a where a.message_pk = c.message_pk)`.as(
          'attachments',
        ),
      )
      .where(sql<number>`octet_length(c.content)`, '<=', p.maxBytes),
  );
  const recipients = db.prepare<{ pks: string }, RecipientRow & { readonly message_pk: string }>((k, p) =>
    k
      .selectFrom(rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_recipients as m', 'm.message_pk', 'r.pk')
      .select(['m.message_pk', 'm.position', 'm.address', 'm.attempts', 'm.state'])
      .orderBy('m.message_pk')
      .orderBy('m.position'),
  );
  const loadAttachments = prepareLoadAttachments(db, sealed);
  const ahead = new LRUCache<string, Promise<ReadonlyMap<string, Read>>>({ max: MAX_MESSAGES_AHEAD });

  const readAll = async (some: readonly string[], maxBytes: number): Promise<ReadonlyMap<string, Read>> => {
    const pks = rowsJson(some.map((pk) => ({ pk })));
    const [found, served] = await db.readAll<unknown>([contents.bind({ pks, maxBytes }), recipients.bind({ pks })]);
    // readAll answers in the order of the statements; the row types are the builders'.
    const contentRows = (found?.rows ?? []) as readonly ContentRow[];
    const recipientRows = (served?.rows ?? []) as readonly (RecipientRow & { readonly message_pk: string })[];
    const recipientsOf = Map.groupBy(recipientRows, ({ message_pk }) => message_pk);
    return new Map(
      contentRows.map((content) => [
        content.message_pk,
        { content, recipients: recipientsOf.get(content.message_pk) ?? [] },
      ]),
    );
  };

  return {
    async load(pk) {
      const fresh = accepted?.take(pk);
      if (fresh !== undefined) {
        const pending = fresh.recipients.map(({ address }, position) => ({ position, address, attempts: 0 }));
        return { content: sealed.openText(pk, fresh.content), pending, decided: [], ...NO_FILES };
      }
      const known = ahead.get(pk);
      ahead.delete(pk);
      const read = (await known)?.get(pk) ?? (await readAll([pk], ANY_LENGTH)).get(pk);
      if (read === undefined) throw new Error(`message ${pk} has no content`);
      return {
        content: sealed.openText(pk, read.content.content),
        ...byState(read.recipients),
        ...(read.content.attachments === 0 ? NO_FILES : await loadAttachments(pk)),
      };
    },

    loadAhead(claimed) {
      const pks = accepted === null ? claimed : claimed.filter((pk) => !accepted.has(pk));
      if (pks.length === 0) return;
      const reading = readAll(pks, MAX_BYTES_AHEAD);
      // Whoever asks for one of them is told.
      reading.catch(() => undefined);
      for (const pk of pks) ahead.set(pk, reading);
    },
  };
}
