// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mailbox } from '../../smtp/compose/content.ts';

/** What a message says, as it is kept in `message_contents` in JSON. Attachments lie in their own table. */
export interface StoredContent {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Envelope sender; empty for the null sender. */
  readonly returnPath: string;
}

/** Read back what {@link StoredContent} was written as. */
export function parseStoredContent(json: string): StoredContent {
  // Written by acceptance from the same type, in the same database.
  return JSON.parse(json) as StoredContent;
}
