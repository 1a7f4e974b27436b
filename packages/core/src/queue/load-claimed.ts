// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type ContentSealer, plainContents } from '../entities/message/content-sealer.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { type LoadedAttachment, prepareLoadAttachments } from './load-attachments.ts';
import { byState, type LoadedRecipients, prepareRecipientsOf, type RecipientRow } from './load-recipients.ts';

/** What an attempt needs besides the queue's row. */
export interface LoadedMessage extends LoadedRecipients {
  /** JSON, as accepted. */
  readonly content: string;
  readonly attachments: readonly LoadedAttachment[];
}

export type LoadClaimed = (pk: string) => Promise<LoadedMessage>;

export function prepareLoadClaimed(db: Database<CoreSchema>, sealed: ContentSealer = plainContents): LoadClaimed {
  const content = db.prepare<{ pk: string }, { content: string; attachments: number }>((k, p) =>
    k
      .selectFrom('message_contents')
      .select('content')
      .select(
        sql<number>`(select count(*) from ${sql.table('message_attachments')} a
          where a.message_pk = message_contents.message_pk)`.as('attachments'),
      )
      .where('message_pk', '=', p.pk),
  );
  const { bind: recipientsOf } = prepareRecipientsOf(db);
  const loadAttachments = prepareLoadAttachments(db, sealed);
  return async (pk) => {
    const [contents, rows] = await db.readAll<unknown>([content.bind({ pk }), recipientsOf({ pk })]);
    // readAll answers in the order of the statements; the row types are the builders'.
    const found = contents?.rows[0] as { content: string; attachments: number } | undefined;
    if (found === undefined) throw new Error(`message ${pk} has no content`);
    return {
      content: sealed.openText(pk, found.content),
      ...byState((rows?.rows ?? []) as readonly RecipientRow[]),
      attachments: found.attachments === 0 ? [] : await loadAttachments(pk),
    };
  };
}
