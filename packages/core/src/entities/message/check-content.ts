// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InputProblem } from '../../errors.ts';
import { parseAddress } from '../../smtp/compose/address.ts';
import type { Mailbox } from '../../smtp/compose/content.ts';
import {
  checkContentId,
  checkFilename,
  checkHeader,
  checkLine,
  checkMimeType,
} from '../../smtp/compose/header-policy.ts';
import { parseMailbox, parseMailboxList } from '../../smtp/compose/mailbox.ts';
import { checkMessageId } from '../../smtp/compose/message-id.ts';
import { guessMimeType } from '../../smtp/compose/mime-types.ts';
import type { ParsedMessage } from './message.schema.ts';
import type { MessageAttachmentsTable } from './message.table.ts';
import type { StoredContent } from './stored-content.ts';

/** A message whose every address, header and attachment may go on the wire. */
export interface CheckedMessage {
  readonly content: StoredContent;
  readonly bcc: readonly Mailbox[];
  readonly attachments: readonly Omit<MessageAttachmentsTable, 'message_pk' | 'position'>[];
  /** With brackets; null: to be made. */
  readonly messageId: string | null;
}

/** Collects what is wrong, so that the client hears of everything at once. */
class Problems {
  readonly list: InputProblem[] = [];
  readonly #base: string;
  constructor(base: string) {
    this.#base = base;
  }
  add(field: string, message: string | null): void {
    if (message !== null) this.list.push({ pointer: `${this.#base}/${field}`, message });
  }
}

const NOBODY: Mailbox = { name: '', address: '' };

/**
 * Check what shapes cannot say: addresses, header values, body combinations, attachment bytes.
 *
 * @param base pointer of the message in the request: empty, or `/messages/3`
 */
export function checkContent(
  input: ParsedMessage,
  base: string,
  maxRecipients: number,
): { readonly ok: true; readonly checked: CheckedMessage } | { readonly ok: false; readonly problems: InputProblem[] } {
  const problems = new Problems(base);
  const from = mailbox(input.from, 'from', problems);
  const to = mailboxes(input.to, 'to', problems);
  const cc = mailboxes(input.cc, 'cc', problems);
  const bcc = mailboxes(input.bcc, 'bcc', problems);
  const replyTo = mailboxes(input.reply_to, 'reply_to', problems);
  const count = to.length + cc.length + bcc.length;
  if (count === 0 && problems.list.length === 0) problems.add('to', 'expected at least one recipient in to, cc or bcc');
  if (count > maxRecipients) problems.add('to', `expected at most ${maxRecipients} recipients, got ${count}`);
  problems.add('subject', checkLine(input.subject));
  const headers = Object.entries(input.headers);
  for (const [name, value] of headers) problems.add(`headers/${escapePointer(name)}`, checkHeader(name, value));
  if (input.message_id !== undefined) problems.add('message_id', checkMessageId(input.message_id));
  const content: StoredContent = {
    from,
    to,
    cc,
    replyTo,
    subject: input.subject,
    ...bodies(input, problems),
    headers,
    returnPath: returnPath(input, from, problems),
  };
  const attachments = input.attachments.map((attachment, index) => checkAttachment(attachment, index, problems));
  if (problems.list.length > 0) return { ok: false, problems: problems.list };
  return { ok: true, checked: { content, bcc, attachments, messageId: input.message_id ?? null } };
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function mailbox(text: string, field: string, problems: Problems): Mailbox {
  const parsed = parseMailbox(text);
  if (parsed.ok) return parsed.mailbox;
  problems.add(field, parsed.reason);
  return NOBODY;
}

/** A string may hold several addresses separated by commas, as the original took them. */
function mailboxes(value: string | readonly string[], field: string, problems: Problems): readonly Mailbox[] {
  if (typeof value !== 'string') return value.map((text, index) => mailbox(text, `${field}/${index}`, problems));
  const parsed = parseMailboxList(value);
  if (parsed.ok) return parsed.mailboxes;
  problems.add(field, parsed.reason);
  return [];
}

function bodies(input: ParsedMessage, problems: Problems): Pick<StoredContent, 'text' | 'html'> {
  const { text, html, body, content_type } = input;
  if (body === undefined) {
    if (content_type !== undefined) problems.add('content_type', 'expected only together with body');
    return { text: text ?? null, html: html ?? null };
  }
  if (text !== undefined || html !== undefined) {
    problems.add('body', 'expected either body and content_type, or text and html, not both');
  }
  return content_type === 'html' ? { text: null, html: body } : { text: body, html: null };
}

function returnPath(input: ParsedMessage, from: Mailbox, problems: Problems): string {
  if (input.return_path === undefined) return from.address;
  if (input.return_path === '' || input.return_path === '<>') return '';
  const parsed = parseAddress(input.return_path);
  if (parsed.ok) return parsed.address;
  problems.add('return_path', parsed.reason);
  return '';
}

type Attachment = ParsedMessage['attachments'][number];

function checkAttachment(
  attachment: Attachment,
  index: number,
  problems: Problems,
): CheckedMessage['attachments'][number] {
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
