// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ContentSealer } from './content-sealer.ts';
import type { MessageAttachmentsTable } from './message.table.ts';

/** What is left of a file that a mixin took out of its message, as `message_attachments.detached` has it in JSON. */
export interface DetachedRecord {
  /** Id of the mixin. */
  readonly mixin: string;
  /** Of the file. */
  readonly sizeBytes: number;
  /** What the mixin wants to find again. */
  readonly data: unknown;
}

/** Read it back; null where the file is part of its message. */
export function openDetached(
  { message_pk, position, detached }: Pick<MessageAttachmentsTable, 'message_pk' | 'position' | 'detached'>,
  contents: Pick<ContentSealer, 'openDetached'>,
): DetachedRecord | null {
  if (detached === null) return null;
  // Written by the queue, from the same type.
  return JSON.parse(contents.openDetached({ messagePk: message_pk, position }, detached)) as DetachedRecord;
}
