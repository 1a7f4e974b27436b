// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailContent } from '../../smtp/compose/content.ts';

/** What a message says, as it is kept in `message_contents` in JSON. Attachments lie in their own table. */
export interface StoredContent
  extends Pick<MailContent, 'from' | 'to' | 'cc' | 'replyTo' | 'subject' | 'text' | 'html' | 'calendar' | 'headers'> {
  /** Envelope sender; empty for the null sender. */
  readonly returnPath: string;
  /**
   * Of a message that came complete; null of one that is composed. Its body is its only attachment then, and the rest of
   * this is what its header said.
   */
  readonly raw: RawHead | null;
  /** It is sent to who is on the suppression list, too. @defaultValue false */
  readonly ignoresSuppressions?: boolean | undefined;
  /** The span in which it was accepted. @defaultValue it is not traced */
  readonly traceparent?: string;
}

export interface RawHead {
  /** The fields as they are sent, each with its CRLF. */
  readonly head: string;
  /** Whether its body is. */
  readonly isAscii: boolean;
}

/** Read back what {@link StoredContent} was written as. */
export function parseStoredContent(json: string): StoredContent {
  // Written by acceptance from the same type, in the same database.
  const stored = JSON.parse(json) as Omit<StoredContent, 'calendar' | 'raw'> & Partial<StoredContent>;
  const { calendar, raw } = stored;
  // Before there were these two, without them. What has them is not copied.
  if (calendar === undefined || raw === undefined) return { calendar: null, raw: null, ...stored };
  return stored as StoredContent;
}
