// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { checkContentId, checkFilename, checkMimeType } from '../../smtp/compose/header-policy.ts';
import { guessMimeType } from '../../smtp/compose/mime-types.ts';
import type { Problems } from './check-problems.ts';
import type { ParsedMessage } from './message.schema.ts';
import type { MessageAttachmentsTable } from './message.table.ts';

type Attachment = ParsedMessage['attachments'][number];

/** A file as it is stored; its message and place in it are given when it is. */
export type CheckedAttachment = Omit<MessageAttachmentsTable, 'message_pk' | 'position'>;

export function checkAttachment(attachment: Attachment, index: number, problems: Problems): CheckedAttachment {
  const at = `attachments/${index}`;
  problems.add(`${at}/filename`, checkFilename(attachment.filename));
  if (attachment.mime_type !== undefined) problems.add(`${at}/mime_type`, checkMimeType(attachment.mime_type));
  if (attachment.content_id !== undefined) problems.add(`${at}/content_id`, checkContentId(attachment.content_id));
  const disposition = attachment.disposition ?? (attachment.content_id === undefined ? 'attachment' : 'inline');
  if (disposition === 'inline' && attachment.content_id === undefined) {
    problems.add(`${at}/content_id`, 'required for an inline attachment');
  }
  return {
    filename: attachment.filename,
    mime_type: attachment.mime_type ?? guessMimeType(attachment.filename),
    disposition,
    content_id: attachment.content_id ?? null,
    bytes: decode(attachment, at, problems),
  };
}

/** Standard or URL-safe alphabet, line breaks allowed, padding optional. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function decode(attachment: Attachment, at: string, problems: Problems): Uint8Array {
  const { storage_path, fetch_mode } = attachment;
  const marked = storage_path.startsWith('base64:');
  if (fetch_mode !== undefined ? fetch_mode !== 'base64' : !marked) {
    problems.add(
      `${at}/storage_path`,
      'only base64 attachments are served by this version: expected base64: and the bytes',
    );
    return new Uint8Array();
  }
  const encoded = (marked ? storage_path.slice('base64:'.length) : storage_path).replace(/[\r\n\t ]/g, '');
  // A rest of one character holds six bits, which is no byte.
  if (!BASE64.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1) {
    problems.add(`${at}/storage_path`, 'expected valid base64');
    return new Uint8Array();
  }
  return Buffer.from(encoded, 'base64');
}
