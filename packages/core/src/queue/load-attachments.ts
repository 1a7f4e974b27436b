// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type ContentSealer, plainContents } from '../entities/message/content-sealer.ts';
import { openDetached } from '../entities/message/detached-record.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ByteSource } from '../smtp/compose/byte-source.ts';
import type { DetachedFile } from '../smtp/compose/content.ts';
import { CHUNK_BYTES } from './attachment-chunks.ts';
import { prepareReadContent } from './attachment-contents.ts';

/** A file of a message with its bytes; those of a large one are read while it is sent. */
export interface LoadedAttachment
  extends Pick<MessageAttachmentsTable, 'filename' | 'mime_type' | 'disposition' | 'content_id'> {
  readonly bytes: Uint8Array | ByteSource;
}

type FileColumns = 'filename' | 'mime_type' | 'disposition' | 'content_id' | 'content_hash' | 'position' | 'detached';

interface Row extends Pick<MessageAttachmentsTable, 'tenant_id' | FileColumns> {
  readonly size_bytes: number | null;
  /** All bytes of a small file; null of a large one. */
  readonly bytes: Uint8Array | null;
  readonly sealed_as: string | null;
}

/** The files of a message: all fetched, in their order, or taken out of it. */
export interface LoadedFiles {
  readonly attachments: readonly LoadedAttachment[];
  readonly detached: readonly DetachedFile[];
}

/** Read the files of messages. */
export function prepareLoadAttachments(
  db: Database<CoreSchema>,
  contents: ContentSealer = plainContents,
): (pk: string) => Promise<LoadedFiles> {
  const read = prepareReadContent(db, contents);
  const attachments = db.prepare<{ pk: string }, Row>((k, p) =>
    k
      .selectFrom('message_attachments as a')
      .leftJoin('attachment_contents as c', (join) =>
        join.onRef('c.tenant_id', '=', 'a.tenant_id').onRef('c.hash', '=', 'a.content_hash'),
      )
      .leftJoin('attachment_chunks as first', (join) =>
        join
          .onRef('first.tenant_id', '=', 'a.tenant_id')
          .onRef('first.hash', '=', 'a.content_hash')
          .on('first.position', '=', sql.lit(0))
          .on('c.size_bytes', '<=', sql.lit(CHUNK_BYTES)),
      )
      .select(['a.tenant_id', 'a.filename', 'a.mime_type', 'a.disposition', 'a.content_id', 'a.content_hash'])
      .select(['a.position', 'a.detached'])
      .select(['c.size_bytes', 'first.bytes', 'first.sealed_as'])
      .where('a.message_pk', '=', p.pk)
      .orderBy('a.position'),
  );
  const loaded = (pk: string, row: Row): LoadedAttachment => {
    const { tenant_id: tenantId, content_hash: hash, size_bytes: sizeBytes, bytes } = row;
    const { filename, mime_type, disposition, content_id } = row;
    if (hash === null || sizeBytes === null) throw new Error(`message ${pk} is to be sent without ${filename}`);
    const source = { sizeBytes, read: () => read({ tenantId, hash }) };
    const small = bytes && contents.openChunk({ tenantId, hash, position: 0 }, bytes, row.sealed_as);
    return { filename, mime_type, disposition, content_id, bytes: small ?? source };
  };
  return async (pk) => {
    const attached: LoadedAttachment[] = [];
    const detached: DetachedFile[] = [];
    for (const row of await db.read(attachments.bind({ pk }))) {
      const record = openDetached({ ...row, message_pk: pk }, contents);
      if (record === null) attached.push(loaded(pk, row));
      else {
        const { mixin, data } = record;
        detached.push({ mixin, filename: row.filename, mimeType: row.mime_type, data });
      }
    }
    return { attachments: attached, detached };
  };
}
