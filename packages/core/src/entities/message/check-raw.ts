// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { decodeWords } from 'postal-mime';
import { membersOf, parseAddressList } from '../../smtp/compose/address-list.ts';
import type { MailAddress, Mailbox } from '../../smtp/compose/content.ts';
import { checkMessageId } from '../../smtp/compose/message-id.ts';
import { headerFields, valuesOf } from '../../smtp/raw/header-fields.ts';
import type { CheckOptions, CheckResult } from './check-content.ts';
import { addresses, mailbox, returnPath } from './check-envelope.ts';
import { Problems } from './check-problems.ts';
import { checkTimes } from './check-times.ts';
import type { CheckedAttachment } from './draft-attachment.ts';
import type { ParsedRawMessage } from './message.schema.ts';
import type { ReadMessage } from './read-raw.ts';

/** The body of such a message lies where attachments do; nobody sees these names. */
const BODY = {
  filename: 'message.eml',
  mime_type: 'message/rfc822',
  disposition: 'attachment',
  content_id: null,
  fetch_mode: 'base64',
  storage_path: null,
  auth: null,
  md5: null,
  sha256: null,
} as const satisfies Omit<CheckedAttachment, 'content' | 'sizeBytes'>;

/**
 * Check the header of a message that came complete: who sends it, and to whom. What else it says is its author's.
 *
 * @param base - pointer of the message in the request
 */
export function checkRaw(
  input: ParsedRawMessage,
  { head, body, bodyBytes, isAscii }: ReadMessage,
  base: string,
  { maxRecipients, now }: Pick<CheckOptions, 'maxRecipients' | 'now'>,
): CheckResult {
  const problems = new Problems(base);
  const fields = headerFields(head) ?? [];
  const from = sender(valuesOf(fields, 'from'), problems);
  const listed = (name: 'to' | 'cc' | 'bcc') =>
    input.to === undefined ? recipients(valuesOf(fields, name), name, problems) : [];
  const to = input.to === undefined ? listed('to') : addresses(input.to, 'to', problems);
  const cc = listed('cc');
  const bcc = membersOf(listed('bcc'));
  const count = membersOf(to).length + membersOf(cc).length + bcc.length;
  if (count === 0 && problems.list.length === 0) problems.add('to', 'expected a recipient in To, Cc, Bcc or to');
  if (count > maxRecipients) problems.add('to', `expected at most ${maxRecipients} recipients, got ${count}`);
  const path = returnPath(input, from, problems);
  checkTimes(input, now, problems);
  if (problems.list.length > 0) return { ok: false, problems: problems.list };
  const [messageId, ...others] = valuesOf(fields, 'message-id');
  const isKept = messageId !== undefined && others.length === 0 && checkMessageId(messageId) === null;
  return {
    ok: true,
    checked: {
      content: {
        from,
        to,
        cc,
        replyTo: [],
        subject: decodeWords(valuesOf(fields, 'subject')[0] ?? ''),
        text: null,
        html: null,
        calendar: null,
        headers: [],
        returnPath: path,
        raw: { head, isAscii },
        ...(input.ignore_suppressions === true ? { ignoresSuppressions: true } : {}),
      },
      bcc,
      attachments: [{ ...BODY, content: body, sizeBytes: bodyBytes }],
      messageId: isKept ? messageId : null,
      tooLarge: null,
    },
  };
}

/** RFC 5322 §3.6: From occurs once. Of several authors in it none could be told to be the sender. */
function sender(values: readonly string[], problems: Problems): Mailbox {
  if (values.length !== 1) problems.add('from', `expected exactly one From in the header, got ${values.length}`);
  // One problem is told where the other one follows from it.
  const { name, address } = mailbox(values[0] ?? '', values.length === 1 ? problems : new Problems(''));
  return { name: decodeWords(name), address };
}

/** Of fields with that name: some programs write several. */
function recipients(values: readonly string[], name: string, problems: Problems): readonly MailAddress[] {
  return values
    .filter((value) => value !== '')
    .flatMap((value) => {
      const parsed = parseAddressList(value);
      if (parsed.ok) return parsed.addresses;
      problems.add(name, parsed.reason);
      return [];
    });
}
