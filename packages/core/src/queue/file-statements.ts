// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Slice } from '../database/row-parameters.ts';
import type { Prepared } from '../database/statement.ts';
import type { AttachmentContentsTable, MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { messageIsStored, type Rows, type RowsWithBytes, wasStored } from './stored-rows.ts';

/** Bytes that came with a message, or the claim that they are there. */
export interface FileRow extends AttachmentContentsTable {
  readonly message_pk: string;
}

/** A piece of them. */
export interface FileChunkRow extends Slice {
  readonly tenant_id: string;
  readonly hash: string;
  readonly position: number;
  readonly sealed_as: string | null;
}

/** What a message was stored with besides itself: its files, each once in a tenant. In the order in which they go. */
export interface FileStatements {
  /** Says of files that are there that they are wanted, so that nobody forgets them meanwhile. */
  readonly files: Prepared<Rows, unknown>;
  readonly fileChunks: Prepared<RowsWithBytes, unknown>;
  readonly attachments: Prepared<Rows, unknown>;
}

type NewAttachment = Omit<MessageAttachmentsTable, 'detached'>;

const ATTACHMENT = {
  message_pk: 'text',
  position: 'integer',
  tenant_id: 'text',
  filename: 'text',
  mime_type: 'text',
  disposition: 'text',
  content_id: 'text',
  fetch_mode: 'text',
  storage_path: 'text',
  auth: 'text',
  md5: 'text',
  sha256: 'text',
  content_hash: 'text',
} as const satisfies { readonly [Column in keyof NewAttachment]: 'text' | 'integer' };

// Object.keys forgets which keys there are.
const ATTACHMENT_COLUMNS = Object.keys(ATTACHMENT) as (keyof NewAttachment)[];

export function prepareFileStatements(db: Database<CoreSchema>): FileStatements {
  const { rows, bytesSlice } = db.dialect;
  const slice = { start: sql.ref('r.start'), length: sql.ref('r.length') };
  return {
    files: db.prepare((k, p) =>
      k
        .insertInto('attachment_contents')
        .columns(['tenant_id', 'hash', 'size_bytes', 'used_at'])
        .expression(
          k
            .selectFrom(
              rows<FileRow>(p.rows, {
                message_pk: 'text',
                tenant_id: 'text',
                hash: 'text',
                size_bytes: 'bigint',
                used_at: 'bigint',
              }).as('r'),
            )
            .select((eb) => [
              'r.tenant_id',
              'r.hash',
              eb.fn.max('r.size_bytes').as('size_bytes'),
              eb.fn.max('r.used_at').as('used_at'),
            ])
            .where(messageIsStored)
            // Several messages of one unit may have the same file, and a row is inserted or updated once.
            .groupBy(['r.tenant_id', 'r.hash']),
        )
        .onConflict((oc) =>
          oc.columns(['tenant_id', 'hash']).doUpdateSet((eb) => ({
            size_bytes: eb.fn.coalesce('attachment_contents.size_bytes', 'excluded.size_bytes'),
            used_at: eb.ref('excluded.used_at'),
          })),
        ),
    ),
    fileChunks: db.prepare((k, p) =>
      k
        .insertInto('attachment_chunks')
        .columns(['tenant_id', 'hash', 'position', 'bytes', 'sealed_as'])
        .expression(
          k
            .selectFrom(
              rows<FileChunkRow>(p.rows, {
                tenant_id: 'text',
                hash: 'text',
                position: 'integer',
                sealed_as: 'text',
                start: 'integer',
                length: 'integer',
              }).as('r'),
            )
            .select(['r.tenant_id', 'r.hash', 'r.position', bytesSlice(p.bytes, slice).as('bytes'), 'r.sealed_as'])
            .where(contentIsThere),
        )
        .onConflict(wasStored),
    ),
    attachments: db.prepare((k, p) =>
      k
        .insertInto('message_attachments')
        .columns(ATTACHMENT_COLUMNS)
        .expression(
          k
            .selectFrom(rows<NewAttachment>(p.rows, ATTACHMENT).as('r'))
            .select(ATTACHMENT_COLUMNS)
            .where(messageIsStored),
        )
        .onConflict(wasStored),
    ),
  };
}

/** The message was stored, or another one that has the same file. */
const contentIsThere = sql<boolean>`exists (
  select 1 from ${sql.table('attachment_contents')} c where c.tenant_id = r.tenant_id and c.hash = r.hash
)`;
