// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InputProblem } from '../../errors.ts';
import { parseAddress } from '../../smtp/compose/address.ts';
import { membersOf } from '../../smtp/compose/address-list.ts';
import { checkCalendar } from '../../smtp/compose/calendar.ts';
import type { Mailbox } from '../../smtp/compose/content.ts';
import { checkHeader, checkLine } from '../../smtp/compose/header-policy.ts';
import { checkUnsubscribeUrl, listUnsubscribeFields } from '../../smtp/compose/list-unsubscribe.ts';
import { checkMessageId } from '../../smtp/compose/message-id.ts';
import type { AttachmentRules } from './attachment-rules.ts';
import { checkAttachment } from './check-attachment.ts';
import { addresses, mailbox, returnPath } from './check-envelope.ts';
import { Problems } from './check-problems.ts';
import { checkTimes } from './check-times.ts';
import type { CheckedAttachment } from './draft-attachment.ts';
import type { ParsedMessage } from './message.schema.ts';
import type { StoredContent } from './stored-content.ts';

/** A message whose every address, header and attachment may go on the wire. */
export interface CheckedMessage {
  readonly content: StoredContent;
  readonly bcc: readonly Mailbox[];
  readonly attachments: readonly CheckedAttachment[];
  /** With brackets; null: to be made. */
  readonly messageId: string | null;
  /** That its files are too large together, which is wrong unless mixins may take some out of it. */
  readonly tooLarge: InputProblem | null;
}

export interface CheckOptions {
  readonly maxRecipients: number;
  /** Of the message's tenant. */
  readonly attachmentRules: AttachmentRules;
  /** Mixins may take files out of messages. @defaultValue false */
  readonly mayDetach?: boolean;
  /** Milliseconds. */
  readonly now: number;
}

export type CheckResult =
  | { readonly ok: true; readonly checked: CheckedMessage }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

/** The fields that `list_unsubscribe` writes. */
const UNSUBSCRIBE_HEADER = /^list-unsubscribe(?:-post)?$/i;

/**
 * Check what shapes cannot say: addresses, header values, body combinations, times, attachment bytes.
 *
 * @param base - pointer of the message in the request: empty, or `/messages/3`
 */
export function checkContent(input: ParsedMessage, base: string, options: CheckOptions): CheckResult {
  const { maxRecipients, attachmentRules: rules, mayDetach = false, now } = options;
  const problems = new Problems(base);
  const from = mailbox(input.from, problems);
  const to = addresses(input.to, 'to', problems);
  const cc = addresses(input.cc, 'cc', problems);
  const bcc = membersOf(addresses(input.bcc, 'bcc', problems));
  const replyTo = addresses(input.reply_to, 'reply_to', problems);
  const count = membersOf(to).length + membersOf(cc).length + bcc.length;
  if (count === 0 && problems.list.length === 0) problems.add('to', 'expected at least one recipient in to, cc or bcc');
  if (count > maxRecipients) problems.add('to', `expected at most ${maxRecipients} recipients, got ${count}`);
  problems.add('subject', checkLine(input.subject));
  const headers = Object.entries(input.headers);
  for (const [name, value] of headers) problems.add(`headers/${escapePointer(name)}`, checkHeader(name, value));
  const unsubscribe = unsubscribeFields(input, problems);
  if (input.message_id !== undefined) problems.add('message_id', checkMessageId(input.message_id));
  const content: StoredContent = {
    from,
    to,
    cc,
    replyTo,
    subject: input.subject,
    ...bodies(input, problems),
    headers: [...headers, ...unsubscribe],
    returnPath: returnPath(input, from, problems),
    raw: null,
    ...(input.ignore_suppressions === true ? { ignoresSuppressions: true } : {}),
  };
  checkTimes(input, now, problems);
  const attachments = input.attachments.map((attachment, index) =>
    checkAttachment(attachment, index, { problems, rules }),
  );
  const together = new Problems(base);
  together.add('attachments', tooLargeTogether(attachments, rules));
  const found = mayDetach ? problems.list : [...problems.list, ...together.list];
  if (found.length > 0) return { ok: false, problems: found };
  const [tooLarge = null] = together.list;
  return { ok: true, checked: { content, bcc, attachments, messageId: input.message_id ?? null, tooLarge } };
}

function tooLargeTogether(
  attachments: readonly CheckedAttachment[],
  { maxMessageBytes }: AttachmentRules,
): string | null {
  const bytes = attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return bytes > maxMessageBytes ? `expected at most ${maxMessageBytes} bytes together, got ${bytes}` : null;
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function bodies(input: ParsedMessage, problems: Problems): Pick<StoredContent, 'text' | 'html' | 'calendar'> {
  const { text, html, body, content_type } = input;
  for (const field of ['text', 'html', 'body'] as const) problems.add(field, bodyProblem(input[field]));
  const calendar = input.calendar ?? null;
  if (calendar !== null) problems.add('calendar/content', bodyProblem(calendar.content) ?? checkCalendar(calendar));
  if (body === undefined) {
    if (content_type !== undefined) problems.add('content_type', 'expected only together with body');
    return { text: text ?? null, html: html ?? null, calendar };
  }
  if (text !== undefined || html !== undefined) {
    problems.add('body', 'expected either body and content_type, or text and html, not both');
  }
  return content_type === 'html' ? { text: null, html: body, calendar } : { text: body, html: null, calendar };
}

/** RFC 5322 §4.1: NUL occurs in no message. */
function bodyProblem(text: string | undefined): string | null {
  return text?.includes('\0') === true ? 'it contains NUL' : null;
}

function unsubscribeFields(input: ParsedMessage, problems: Problems): readonly (readonly [string, string])[] {
  const { list_unsubscribe } = input;
  if (list_unsubscribe === undefined) return [];
  const { url, mailto, one_click } = list_unsubscribe;
  for (const name of Object.keys(input.headers).filter((name) => UNSUBSCRIBE_HEADER.test(name))) {
    problems.add(`headers/${name}`, 'expected either this header or list_unsubscribe');
  }
  if (url === undefined && mailto === undefined) problems.add('list_unsubscribe', 'expected url or mailto');
  if (url !== undefined) problems.add('list_unsubscribe/url', checkUnsubscribeUrl(url));
  else if (one_click === true) problems.add('list_unsubscribe/one_click', 'expected only together with url');
  const place = mailto === undefined ? null : parseAddress(mailto);
  if (place?.ok === false) problems.add('list_unsubscribe/mailto', place.reason);
  return listUnsubscribeFields({
    url: url ?? null,
    mailto: place?.ok === true ? place.address : null,
    isOneClick: one_click ?? false,
  });
}
