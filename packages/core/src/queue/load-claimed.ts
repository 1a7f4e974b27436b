// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** A recipient that is still to be served. */
export interface PendingRecipient {
  readonly position: number;
  readonly address: string;
  readonly attempts: number;
}

/** What an attempt needs besides the queue's row. */
export interface LoadedMessage {
  /** JSON, as accepted. */
  readonly content: string;
  /** Served by none of the attempts before, in the order of the envelope. */
  readonly pending: readonly PendingRecipient[];
  /** Recipients decided by earlier attempts, by their state. */
  readonly decided: readonly string[];
  readonly attachments: readonly MessageAttachmentsTable[];
}

export type LoadClaimed = (pk: string) => Promise<LoadedMessage>;

type RecipientRow = PendingRecipient & { readonly state: string };

export function prepareLoadClaimed(db: Database<CoreSchema>): LoadClaimed {
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
  const recipients = db.prepare<{ pk: string }, RecipientRow>((k, p) =>
    k
      .selectFrom('message_recipients')
      .select(['position', 'address', 'attempts', 'state'])
      .where('message_pk', '=', p.pk)
      .orderBy('position'),
  );
  const attachments = db.prepare<{ pk: string }, MessageAttachmentsTable>((k, p) =>
    k.selectFrom('message_attachments').selectAll().where('message_pk', '=', p.pk).orderBy('position'),
  );
  return async (pk) => {
    const [contents, rows] = await db.readAll<unknown>([content.bind({ pk }), recipients.bind({ pk })]);
    // readAll answers in the order of the statements; the row types are the builders'.
    const found = contents?.rows[0] as { content: string; attachments: number } | undefined;
    if (found === undefined) throw new Error(`message ${pk} has no content`);
    const all = (rows?.rows ?? []) as readonly RecipientRow[];
    return {
      content: found.content,
      pending: all.filter((row) => row.state === 'pending'),
      decided: all.filter((row) => row.state !== 'pending').map((row) => row.state),
      attachments: found.attachments === 0 ? [] : await db.read(attachments.bind({ pk })),
    };
  };
}
