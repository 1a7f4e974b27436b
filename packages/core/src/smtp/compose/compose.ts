// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import { releaseMemory } from '../../release-memory.ts';
import type { ByteSource } from '../byte-source.ts';
import { endsWithLineBreak } from '../dot-stuffing.ts';
import { joinParts } from '../message-body.ts';
import { hasNonAscii } from './address.ts';
import { membersOf } from './address-list.ts';
import { encodeBase64Lines } from './base64-lines.ts';
import { encodeTextBody } from './body-encoding.ts';
import type { ComposedMessage, MailAttachment, MailContent } from './content.ts';
import {
  addressField,
  attachmentTypeField,
  customField,
  dateField,
  dispositionField,
  textField,
} from './header-encoding.ts';
import { checkMimeType } from './header-policy.ts';
import { UNKNOWN_MIME_TYPE } from './mime-types.ts';

/** What a header line can hold; not whether it is right, which was checked when the message was accepted. */
const ADDRESS = /^[^\0-\x1f\x7f-\x9f]{1,512}$/;
const IDENTIFIER = /^[\x21-\x7e]{1,900}$/;
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]{1,76}$/;
const TOKEN = /^[A-Z]{1,32}$/;
const BCC = /^(?:resent-)?bcc$/i;

/** A node of the MIME tree: its Content-* fields, and its body without the CRLF that a boundary brings. */
interface Entity {
  readonly fields: readonly string[];
  readonly body: readonly (string | Buffer | ByteSource)[];
  /** Whether the body is known to end with CRLF, as the last line of a message must. */
  readonly endsLine: boolean;
}

/**
 * Turn checked content into the bytes of a message (RFC 5322, MIME), without streams or promises: this runs once
 * per attempt, and reads no source. The same content gives the same bytes at every attempt.
 *
 * ```
 * mixed                     with attachments
 * └ alternative             with several bodies
 *   ├ text/plain
 *   ├ related               with inline attachments that have a Content-ID
 *   │ ├ text/html
 *   │ └ image ...
 *   └ text/calendar
 * ```
 *
 * Attachments go in base64, so their bytes arrive as they were; a `message/*` or `multipart/*` one, which may not be in
 * base64 (RFC 2046 §5.2.1), goes as application/octet-stream under its name. Bcc is never written.
 *
 * @throws TypeError where an address, identifier or field name would break a header line: such content was never checked.
 */
export function compose(content: MailContent): ComposedMessage {
  const addresses = addressesOf(content);
  for (const address of addresses) assertMatches(address, ADDRESS, 'an address');
  const root = messageEntity(content, boundariesFor(content.messageId));
  const fields = [...messageFields(content), 'MIME-Version: 1.0', ...root.fields, ...customFields(content.headers)];
  const body = joinParts([`${fields.join('\r\n')}\r\n\r\n`, ...root.body, root.endsLine ? '' : '\r\n']);
  // Of a body that is read while it is sent, they are parts.
  if (Buffer.isBuffer(body)) for (const part of root.body) if (Buffer.isBuffer(part)) releaseMemory(part);
  return {
    body,
    smtpUtf8: envelopeNeedsSmtpUtf8(addresses),
  };
}

/** Whether one of these envelope addresses has a non-ASCII local part, so that the relay must speak SMTPUTF8. */
export function envelopeNeedsSmtpUtf8(addresses: readonly string[]): boolean {
  return addresses.some(hasNonAscii);
}

function addressesOf({ from, to, cc, replyTo }: MailContent): string[] {
  const addresses = [from.address];
  for (const list of [to, cc, replyTo]) {
    for (const { address } of membersOf(list)) addresses.push(address);
  }
  return addresses;
}

function messageFields(content: MailContent): string[] {
  assertMatches(content.messageId, IDENTIFIER, 'the Message-ID');
  return [
    dateField(content.date),
    `Message-ID: ${content.messageId}`,
    addressField('From', [content.from]),
    addressField('To', content.to),
    addressField('Cc', content.cc),
    addressField('Reply-To', content.replyTo),
    textField('Subject', content.subject),
  ].filter((field) => field !== null);
}

function customFields(headers: MailContent['headers']): string[] {
  const fields: string[] = [];
  for (const [name, value] of headers) {
    assertMatches(name, FIELD_NAME, 'a field name');
    if (!BCC.test(name)) fields.push(customField(name, value));
  }
  return fields;
}

function messageEntity(content: MailContent, boundaries: Boundaries): Entity {
  const { attachments, html } = content;
  const beside = attachments.filter((attachment) => html === null || !isRelated(attachment));
  const bodies = bodiesEntity(content, boundaries);
  if (beside.length === 0) return bodies;
  return multipart('multipart/mixed', boundaries.mixed, [bodies, ...beside.map(attachmentEntity)]);
}

/** The same content in several forms, the richest last (RFC 2046 §5.1.4). */
function bodiesEntity({ text, html, calendar, attachments }: MailContent, boundaries: Boundaries): Entity {
  const forms: Entity[] = [];
  if (text !== null || (html === null && calendar === null))
    forms.push(textEntity('text/plain', text ?? '', boundaries));
  if (html !== null) forms.push(pageEntity(html, attachments.filter(isRelated), boundaries));
  if (calendar !== null) {
    assertMatches(calendar.method, TOKEN, 'a calendar method');
    forms.push(textEntity(`text/calendar; method=${calendar.method}`, calendar.content, boundaries));
  }
  const [only, ...others] = forms;
  if (only !== undefined && others.length === 0) return only;
  return multipart('multipart/alternative', boundaries.alternative, forms);
}

function pageEntity(html: string, images: readonly MailAttachment[], boundaries: Boundaries): Entity {
  const page = textEntity('text/html', html, boundaries);
  if (images.length === 0) return page;
  const parts = [page, ...images.map(attachmentEntity)];
  return multipart('multipart/related; type="text/html"', boundaries.related, parts);
}

function isRelated(attachment: MailAttachment): boolean {
  return attachment.disposition === 'inline' && attachment.contentId !== null;
}

function textEntity(type: string, text: string, boundaries: Boundaries): Entity {
  const { encoding, content } = encodeTextBody(text, boundaries.mark);
  return {
    fields: [`Content-Type: ${type}; charset=utf-8`, `Content-Transfer-Encoding: ${encoding}`],
    body: [content],
    endsLine: typeof content === 'string' ? content.endsWith('\r\n') : endsWithLineBreak(content),
  };
}

function attachmentEntity(attachment: MailAttachment): Entity {
  const { filename, disposition, contentId, bytes } = attachment;
  const fields = [
    attachmentTypeField(wireType(attachment.mimeType), filename),
    'Content-Transfer-Encoding: base64',
    dispositionField(disposition, filename),
  ];
  if (contentId !== null) {
    assertMatches(contentId, IDENTIFIER, 'a Content-ID');
    fields.push(`Content-ID: <${contentId}>`);
  }
  return { fields, body: [bytes instanceof Uint8Array ? encodeBase64Lines(bytes) : bytes], endsLine: false };
}

function wireType(mimeType: string): string {
  const isLeaf = checkMimeType(mimeType) === null && !/^(?:message|multipart)\//i.test(mimeType);
  return isLeaf ? mimeType : UNKNOWN_MIME_TYPE;
}

function multipart(type: string, boundary: string, parts: readonly Entity[]): Entity {
  const body = parts.flatMap(({ fields, body }, index) => [
    `${index === 0 ? '' : '\r\n'}--${boundary}\r\n${fields.join('\r\n')}\r\n\r\n`,
    ...body,
  ]);
  return {
    fields: [`Content-Type: ${type};\r\n boundary="${boundary}"`],
    body: [...body, `\r\n--${boundary}--\r\n`],
    endsLine: true,
  };
}

interface Boundaries {
  /** What all of them begin with. */
  readonly mark: string;
  readonly mixed: string;
  readonly alternative: string;
  readonly related: string;
}

/**
 * The same boundaries at each attempt. None begins another, and none can occur in a part: `=_` is in neither
 * encoding's output (RFC 2045 §6.7 rule 1), and 7bit text is checked for the mark.
 */
function boundariesFor(messageId: string): Boundaries {
  const mark = `=_${hash('sha256', messageId, 'hex').slice(0, 24)}`;
  return { mark, mixed: `${mark}-mixed`, alternative: `${mark}-alternative`, related: `${mark}-related` };
}

function assertMatches(value: string, pattern: RegExp, what: string): void {
  if (!pattern.test(value)) throw new TypeError(`${what} may not stand in a header`);
}
