// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DetachedRecord } from './detached-record.ts';
import type { MessageAttachmentsTable } from './message.table.ts';

/** A file of a message, as it is shown. */
export interface ListedAttachment
  extends Pick<MessageAttachmentsTable, 'filename' | 'mime_type' | 'disposition' | 'fetch_mode' | 'content_hash'> {
  readonly size_bytes: number | null;
  /** What is left of it, where a mixin took it out of the message. */
  readonly detached: DetachedRecord | null;
}

/** The same as it is stored. */
export type ListedAttachmentRow = Omit<ListedAttachment, 'detached'> &
  Pick<MessageAttachmentsTable, 'message_pk' | 'position' | 'detached'>;
