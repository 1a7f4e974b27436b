// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailContent } from '../../smtp/compose/content.ts';

/** What a message says, as it is kept in `message_contents` in JSON. Attachments lie in their own table. */
export interface StoredContent
  extends Pick<MailContent, 'from' | 'to' | 'cc' | 'replyTo' | 'subject' | 'text' | 'html' | 'calendar' | 'headers'> {
  /** Envelope sender; empty for the null sender. */
  readonly returnPath: string;
}

/** Read back what {@link StoredContent} was written as. */
export function parseStoredContent(json: string): StoredContent {
  // Written by acceptance from the same type, in the same database; before there were invitations, without one.
  return { calendar: null, ...(JSON.parse(json) as Omit<StoredContent, 'calendar'>) };
}
