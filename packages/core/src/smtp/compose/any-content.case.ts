// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import {
  CALENDAR_METHODS,
  type MailAddress,
  type MailAttachment,
  type Mailbox,
  type MailCalendar,
  type MailContent,
} from './content.ts';

/** All of Unicode but surrogates, mixed with what has a meaning in a message. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.constantFrom(
          '\r\n',
          '\r',
          '\n',
          '\0',
          '\t',
          ' ',
          '  ',
          '.',
          '=?utf-8?Q?x?=',
          '=?',
          '?=',
          '"',
          '\\',
          ',',
          ';',
          '<',
          '>',
          ': ',
          '--',
          '=_',
          'è',
          'word ',
          '\r\n.\r\n',
        ),
        fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 120 }),
        fc.nat(1_200).map((n) => 'x'.repeat(n)),
      ),
      { maxLength },
    )
    .map((pieces) => pieces.join(''));
export const cleanLine = (maxLength: number) => anyText(maxLength).map((text) => text.replace(/\p{Cc}/gu, ''));

const address = fc.constantFrom(
  'a@example.com',
  '"a, b <c@d>"@example.com',
  'a+b=c@xn--bcher-kva.example',
  'a@[192.0.2.1]',
);
export const mailbox: fc.Arbitrary<Mailbox> = fc.record({ name: anyText(6), address });
export const filename = cleanLine(6)
  .map((text) => [...text].slice(0, 60).join('').trim())
  .filter((text) => text !== '');
export const attachment: fc.Arbitrary<MailAttachment & { readonly bytes: Uint8Array }> = fc.record({
  filename,
  mimeType: fc.constantFrom('application/pdf', 'text/plain', 'message/rfc822', 'x\r\ny'),
  disposition: fc.constantFrom('attachment', 'inline'),
  contentId: fc.constantFrom(null, 'logo@example.com'),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
const mailAddress: fc.Arbitrary<MailAddress> = fc.oneof(
  { weight: 3, arbitrary: mailbox },
  fc.record({ group: anyText(4).map((text) => `g${text}`), members: fc.array(mailbox, { maxLength: 3 }) }),
);
const calendar: fc.Arbitrary<MailCalendar> = fc.record({
  method: fc.constantFrom(...CALENDAR_METHODS),
  content: anyText(20),
});
/** Anything that compose takes. */
export const content: fc.Arbitrary<MailContent> = fc.record({
  from: mailbox,
  to: fc.array(mailAddress, { maxLength: 4 }),
  cc: fc.array(mailAddress, { maxLength: 2 }),
  replyTo: fc.array(mailAddress, { maxLength: 2 }),
  subject: anyText(8),
  text: fc.option(anyText(20)),
  html: fc.option(anyText(20)),
  calendar: fc.option(calendar),
  headers: fc.array(fc.tuple(fc.constantFrom('X-A', 'References', 'List-ID'), anyText(8)), { maxLength: 3 }),
  attachments: fc.array(attachment, { maxLength: 3 }),
  detached: fc.constant([]),
  messageId: fc.uuid().map((id) => `<${id}@example.com>`),
  date: fc.nat(4_000_000_000_000),
});
