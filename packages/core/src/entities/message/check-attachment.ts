// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { BASE64_PREFIX, Base64Bytes } from '../../attachments/base64-bytes.ts';
import { type FetchMode, inferFetchMode } from '../../attachments/fetch-mode.ts';
import { readMd5Marker } from '../../attachments/md5-marker.ts';
import type { HeldFile } from '../../attachments/uploaded-file.ts';
import { checkContentId, checkFilename, checkMimeType } from '../../smtp/compose/header-policy.ts';
import { guessMimeType } from '../../smtp/compose/mime-types.ts';
import type { AttachmentRules } from './attachment-rules.ts';
import type { Problems } from './check-problems.ts';
import { decodeBase64 } from './decode-base64.ts';
import type { CheckedAttachment, DraftAttachment } from './draft-attachment.ts';
import type { ParsedMessage } from './message.schema.ts';

type Attachment = ParsedMessage['attachments'][number];

/** Modes that fetch over HTTP, so that credentials have somebody to be shown to. */
const WITH_AUTH: readonly FetchMode[] = ['http_url', 'endpoint'];

export function checkAttachment(
  attachment: Attachment,
  index: number,
  { problems, rules }: { readonly problems: Problems; readonly rules: AttachmentRules },
): CheckedAttachment {
  const at = `attachments/${index}`;
  const { filename, md5: markedMd5 } = readMd5Marker(attachment.filename);
  problems.add(`${at}/filename`, checkFilename(filename));
  if (attachment.mime_type !== undefined) problems.add(`${at}/mime_type`, checkMimeType(attachment.mime_type));
  if (attachment.content_id !== undefined) problems.add(`${at}/content_id`, checkContentId(attachment.content_id));
  const disposition = attachment.disposition ?? (attachment.content_id === undefined ? 'attachment' : 'inline');
  if (disposition === 'inline' && attachment.content_id === undefined) {
    problems.add(`${at}/content_id`, 'required for an inline attachment');
  }
  const hashes = {
    md5: attachment.content_md5?.toLowerCase() ?? markedMd5,
    sha256: attachment.content_sha256?.toLowerCase() ?? null,
  };
  const place = placeOf(attachment, at, { problems, rules });
  if (attachment.auth !== undefined && !WITH_AUTH.includes(place.fetch_mode)) {
    problems.add(`${at}/auth`, `expected only with fetch_mode ${WITH_AUTH.join(' or ')}`);
  }
  if (place.bytes instanceof Uint8Array)
    checkHashes(place.bytes, hashes, (field, why) => problems.add(`${at}/${field}`, why));
  const sizeBytes =
    place.bytes === null ? 0 : place.bytes instanceof Uint8Array ? place.bytes.byteLength : place.bytes.size;
  if (sizeBytes > rules.maxBytes) {
    problems.add(`${at}/${place.field}`, `expected at most ${rules.maxBytes} bytes, got ${sizeBytes}`);
  }
  return {
    filename,
    mime_type: attachment.mime_type ?? guessMimeType(filename),
    disposition,
    content_id: attachment.content_id ?? null,
    fetch_mode: place.fetch_mode,
    storage_path: place.storage_path,
    auth: attachment.auth ?? null,
    ...hashes,
    content:
      place.bytes instanceof Uint8Array
        ? // What was decoded is ours; what an embedding program gave is not.
          { hash: hash('sha256', place.bytes), bytes: place.bytes, ownsBytes: place.bytes !== attachment.content }
        : place.bytes,
    sizeBytes,
  };
}

interface Place {
  readonly fetch_mode: FetchMode;
  readonly storage_path: string | null;
  readonly bytes: Uint8Array | HeldFile | null;
  /** Which field of the attachment says so. */
  readonly field: 'storage_path' | 'content';
}

function placeOf(
  { storage_path: path, fetch_mode: explicit, content }: Attachment,
  at: string,
  { problems, rules }: { readonly problems: Problems; readonly rules: AttachmentRules },
): Place {
  if (content !== undefined) {
    if (path !== undefined) problems.add(`${at}/storage_path`, 'expected either storage_path or content, not both');
    if (explicit !== undefined && explicit !== 'base64') {
      problems.add(`${at}/fetch_mode`, 'expected none, as content holds the bytes');
    }
    return { fetch_mode: 'base64', storage_path: null, bytes: content, field: 'content' };
  }
  if (path === undefined) {
    problems.add(`${at}/storage_path`, 'required: where the bytes are, or base64: and the bytes');
    return { fetch_mode: 'base64', storage_path: null, bytes: null, field: 'storage_path' };
  }
  const isDecoded = path instanceof Base64Bytes;
  const mode = explicit ?? (isDecoded ? 'base64' : inferFetchMode(path, rules.isStorage));
  if (mode !== 'base64') {
    const text = String(path);
    problems.add(`${at}/storage_path`, rules.check({ mode, path: text, isExplicit: explicit !== undefined }));
    return { fetch_mode: mode, storage_path: text, bytes: null, field: 'storage_path' };
  }
  const bytes = isDecoded
    ? path.bytes
    : decodeBase64(path.startsWith(BASE64_PREFIX) ? path.slice(BASE64_PREFIX.length) : path);
  if (bytes === null) problems.add(`${at}/storage_path`, 'expected valid base64');
  return { fetch_mode: mode, storage_path: null, bytes: bytes ?? new Uint8Array(), field: 'storage_path' };
}

function checkHashes(
  bytes: Uint8Array,
  { md5, sha256 }: Pick<DraftAttachment, 'md5' | 'sha256'>,
  add: (field: string, why: string) => void,
): void {
  if (md5 !== null && hash('md5', bytes) !== md5) add('content_md5', 'it is not the MD5 of the bytes');
  if (sha256 !== null && hash('sha256', bytes) !== sha256) add('content_sha256', 'it is not the SHA-256 of the bytes');
}
