// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import type { AttachmentRules } from './attachment-rules.ts';
import type { DraftAttachment } from './draft-attachment.ts';

const FILE = {
  mime_type: 'application/x',
  disposition: 'attachment',
  content_id: null,
  storage_path: null,
  auth: null,
  md5: null,
  sha256: null,
} as const;

/** A file that came with its message. */
export function draftedFile(filename: string, bytes: Uint8Array): DraftAttachment {
  return { ...FILE, filename, fetch_mode: 'base64', content: { hash: hash('sha256', bytes), bytes } };
}

/** A file that is still to be fetched. */
export function fileToFetch(filename: string, changes: Partial<DraftAttachment> = {}): DraftAttachment {
  const storage_path = `https://files.example.org/${filename}`;
  return { ...FILE, filename, fetch_mode: 'http_url', storage_path, content: null, ...changes };
}

/** Anything may be attached within these limits, from anywhere but /closed. */
export const ANY_ATTACHMENT: AttachmentRules = {
  maxBytes: 1_000,
  maxMessageBytes: 2_000,
  isStorage: () => false,
  check: ({ path }) => (path === '/closed' ? 'expected another place' : null),
};
