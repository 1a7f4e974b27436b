// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ByteSource } from '../byte-source.ts';
import type { StreamedBody } from '../message-body.ts';

/** A person or role with an address. */
export interface Mailbox {
  /** Display name, decoded; empty where none was given. */
  readonly name: string;
  /** addr-spec (RFC 5322 §3.4.1); the domain is in ASCII (IDNA), the local part may need SMTPUTF8. */
  readonly address: string;
}

/** Addressees under one name (RFC 5322 §3.4): the header shows the name, the envelope holds the members. */
export interface MailGroup {
  /** Display name of the group, decoded; never empty. */
  readonly group: string;
  /** May be empty: `undisclosed-recipients:;`. */
  readonly members: readonly Mailbox[];
}

/** What stands between the commas of To, Cc and Reply-To. */
export type MailAddress = Mailbox | MailGroup;

/** What an invitation asks of calendars (RFC 5546 §1.4), as far as mail is sent for it. */
export const CALENDAR_METHODS = ['REQUEST', 'CANCEL', 'REPLY', 'PUBLISH'] as const;
export type CalendarMethod = (typeof CALENDAR_METHODS)[number];

/** An invitation: the third form of the bodies, which calendar programs read (RFC 6047). */
export interface MailCalendar {
  readonly method: CalendarMethod;
  /** iCalendar (RFC 5545); its METHOD is the same. */
  readonly content: string;
}

export interface MailAttachment {
  /** Without path, CR, LF or NUL. */
  readonly filename: string;
  /** `type/subtype`, guessed from the file name where the client gave none. */
  readonly mimeType: string;
  /** `inline` goes beside the HTML in multipart/related and needs `contentId`. */
  readonly disposition: 'attachment' | 'inline';
  /** Without brackets; null where there is none. */
  readonly contentId: string | null;
  /** A source is read while the message is sent, so that it is never in memory as a whole. */
  readonly bytes: Uint8Array | ByteSource;
}

/** A file that a mixin took out of a message before it was sent: no part of it any more. */
export interface DetachedFile {
  /** Id of the mixin. */
  readonly mixin: string;
  readonly filename: string;
  readonly mimeType: string;
  /** What the mixin kept of it, as it was read back. */
  readonly data: unknown;
}

/** All that a message is made of, already checked; {@link compose} turns it into bytes. */
export interface MailContent {
  readonly from: Mailbox;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject: string;
  /** Null where there is no such body; all three null makes an empty text body. */
  readonly text: string | null;
  readonly html: string | null;
  readonly calendar: MailCalendar | null;
  /** Extra fields in their order, names and values already checked by the header policy. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attachments: readonly MailAttachment[];
  /** In the order in which they were attached. Nothing is composed of them; a mixin may put a link in their place. */
  readonly detached: readonly DetachedFile[];
  /** With brackets. */
  readonly messageId: string;
  /** Milliseconds since the epoch; written in UTC. */
  readonly date: number;
}

/** A message ready for the wire. */
export interface ComposedMessage {
  /**
   * CRLF lines of at most 998 bytes, 7-bit throughout unless `smtpUtf8`; no bare CR, LF or NUL; not dot-stuffed. One
   * buffer, unless a file is a source.
   */
  readonly body: Buffer | StreamedBody;
  /** An address in a header or envelope has a non-ASCII local part, so the relay must speak SMTPUTF8. */
  readonly smtpUtf8: boolean;
}
