// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Bundle, rowsJson } from '../database/row-parameters.ts';
import type { Statement } from '../database/statement.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import { CHUNK_BYTES, chunksOf, SEALED_CHUNK_BYTES } from './attachment-chunks.ts';
import type { FileChunkRow, FileRow, FileStatements } from './file-statements.ts';

/** Store the files of messages; no statement where they have none. Equal files of a tenant are sent once. */
export function insertFiles(
  { files, fileChunks, attachments }: FileStatements,
  drafts: readonly MessageDraft[],
): readonly Statement[] {
  const withFiles = drafts.filter((draft) => draft.attachments.length > 0);
  if (withFiles.length === 0) return [];
  const fileRows: FileRow[] = [];
  const chunkRows = new Map<string, readonly FileChunkRow[]>();
  const bundle = new Bundle();
  for (const { message, attachments: own } of withFiles) {
    for (const { content } of own) {
      if (content === null) continue;
      const { hash, bytes, sealedAs = null } = content;
      const name = { tenant_id: message.tenant_id, hash };
      fileRows.push({
        ...name,
        message_pk: message.pk,
        size_bytes: content.sizeBytes ?? bytes?.byteLength ?? null,
        used_at: message.created_at,
      });
      const key = `${message.tenant_id} ${hash}`;
      if (bytes === null || chunkRows.has(key)) continue;
      chunkRows.set(
        key,
        chunksOf(bytes, sealedAs === null ? CHUNK_BYTES : SEALED_CHUNK_BYTES).map((chunk, position) => ({
          ...name,
          position,
          sealed_as: sealedAs,
          ...bundle.add(chunk),
        })),
      );
    }
  }
  const chunks = [...chunkRows.values()].flat();
  return [
    ...(fileRows.length === 0 ? [] : [files.bind({ rows: rowsJson(fileRows) })]),
    ...(chunks.length === 0 ? [] : [fileChunks.bind({ rows: rowsJson(chunks), bytes: bundle.bytes() })]),
    attachments.bind({ rows: rowsJson(withFiles.flatMap(attachmentRows)) }),
  ];
}

function attachmentRows({ message, attachments }: MessageDraft) {
  return attachments.map(({ content, ...attachment }, position) => ({
    ...attachment,
    message_pk: message.pk,
    tenant_id: message.tenant_id,
    position,
    content_hash: content?.hash ?? null,
  }));
}
