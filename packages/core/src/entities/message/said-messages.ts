// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { CoreSchema } from '../schema.ts';
import type { ContentSealer } from './content-sealer.ts';
import { openDetached } from './detached-record.ts';
import type { ListedAttachment, ListedAttachmentRow } from './listed-attachment.ts';
import type { MessageRecipientsTable } from './message.table.ts';
import { parseStoredContent, type StoredContent } from './stored-content.ts';

/** What a message says, and to whom. */
export interface SaidMessage {
  readonly content: StoredContent;
  readonly recipients: readonly SaidRecipient[];
  readonly attachments: readonly ListedAttachment[];
}

type SaidRecipient = Pick<MessageRecipientsTable, 'message_pk' | 'kind' | 'address'>;

/** Reads what messages say, by primary key; those that say nothing any more are left out. */
export type ReadSaid = (pks: readonly string[]) => Promise<ReadonlyMap<string, SaidMessage>>;

/** Three statements, however many messages there are. */
export function prepareSaidMessages(db: Database<CoreSchema>, sealer: ContentSealer): ReadSaid {
  const { rows } = db.dialect;
  const contents = db.prepare<{ pks: string }, { message_pk: string; content: string }>((k, p) =>
    k
      .selectFrom(rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_contents as c', 'c.message_pk', 'r.pk')
      .select(['c.message_pk', 'c.content']),
  );
  const recipients = db.prepare<{ pks: string }, SaidRecipient>((k, p) =>
    k
      .selectFrom(rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_recipients as m', 'm.message_pk', 'r.pk')
      .select(['m.message_pk', 'm.kind', 'm.address'])
      .orderBy('m.message_pk')
      .orderBy('m.position'),
  );
  const attachments = db.prepare<{ pks: string }, ListedAttachmentRow>((k, p) =>
    k
      .selectFrom(rows<{ pk: string }>(p.pks, { pk: 'text' }).as('r'))
      .innerJoin('message_attachments as a', 'a.message_pk', 'r.pk')
      .leftJoin('attachment_contents as c', (join) =>
        join.onRef('c.tenant_id', '=', 'a.tenant_id').onRef('c.hash', '=', 'a.content_hash'),
      )
      .select(['a.message_pk', 'a.filename', 'a.mime_type', 'a.disposition', 'a.fetch_mode'])
      .select(['a.content_hash', 'a.position', 'a.detached', 'c.size_bytes'])
      .orderBy('a.message_pk')
      .orderBy('a.position'),
  );
  return async (pks) => {
    if (pks.length === 0) return new Map();
    const input = { pks: rowsJson(pks.map((pk) => ({ pk }))) };
    const [stored, addressed, attached] = await Promise.all([
      db.read(contents.bind(input)),
      db.read(recipients.bind(input)),
      db.read(attachments.bind(input)),
    ]);
    const recipientsOf = Map.groupBy(addressed, ({ message_pk }) => message_pk);
    const attachmentsOf = Map.groupBy(attached, ({ message_pk }) => message_pk);
    return new Map(
      stored.map(({ message_pk: pk, content }): readonly [string, SaidMessage] => [
        pk,
        {
          content: parseStoredContent(sealer.openText(pk, content)),
          recipients: recipientsOf.get(pk) ?? [],
          attachments: (attachmentsOf.get(pk) ?? []).map((row) => ({ ...row, detached: openDetached(row, sealer) })),
        },
      ]),
    );
  };
}
