// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import { expect, test } from 'vitest';
import { anyText, cleanLine, filename } from './any-content.case.ts';
import { composeBytes, expectCleanWire, PLAIN_CONTENT } from './composed-message.case.ts';
import {
  CALENDAR_METHODS,
  type MailAddress,
  type MailAttachment,
  type Mailbox,
  type MailCalendar,
  type MailContent,
} from './content.ts';
import { listUnsubscribeFields } from './list-unsubscribe.ts';

/*
 * What a reader that knows nothing of us makes of our messages. Left out is only what it is known to change:
 * encoded-words inside a file name that came by RFC 2231, quotes inside groups, U+FEFF at the start of a text, and
 * line ends, which it shows as LF.
 */

const read = (content: MailContent): Promise<Email> => {
  const { bytes, smtpUtf8 } = composeBytes(content);
  expectCleanWire(bytes, smtpUtf8);
  return PostalMime.parse(bytes);
};

const name = cleanLine(4).map((text) =>
  text
    .replace(/=\?|\?=/g, '')
    .replace(/\s+/g, ' ')
    .trim(),
);
const groupName = fc.constantFrom('Team', 'Die K\u00fcche', '\u65e5\u672c', 'undisclosed-recipients', 'A, B');
const address = fc.constantFrom(
  'a@example.com',
  'a+b=c@xn--bcher-kva.example',
  'zo\u00eb@example.com',
  '\u7528\u6237@example.com',
);
const mailbox: fc.Arbitrary<Mailbox> = fc.record({ name, address });
const member: fc.Arbitrary<Mailbox> = fc.record({ name: fc.constantFrom('', 'Bob', 'Zo\u00eb Ek', '\u96ea'), address });
const mailAddress: fc.Arbitrary<MailAddress> = fc.oneof(
  { weight: 3, arbitrary: mailbox },
  fc.record({ group: groupName, members: fc.array(member, { maxLength: 3 }) }),
);
const body = anyText(12).map((text) => text.replaceAll('\ufeff', ''));
const calendar: fc.Arbitrary<MailCalendar> = fc.record({
  method: fc.constantFrom(...CALENDAR_METHODS),
  content: body.map((text) => `BEGIN:VCALENDAR\r\n${text}\r\nEND:VCALENDAR\r\n`),
});
const file: fc.Arbitrary<MailAttachment & { readonly bytes: Uint8Array }> = fc.record({
  filename: filename.filter((text) => !text.includes('=?')),
  mimeType: fc.constantFrom('application/pdf', 'image/png', 'text/csv'),
  disposition: fc.constantFrom('attachment', 'inline'),
  contentId: fc.constantFrom(null, 'logo@example.com'),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
const content: fc.Arbitrary<MailContent> = fc.record({
  from: mailbox,
  to: fc.array(mailAddress, { maxLength: 4 }),
  cc: fc.array(mailAddress, { maxLength: 3 }),
  replyTo: fc.array(mailAddress, { maxLength: 2 }),
  subject: cleanLine(6),
  text: fc.option(body),
  html: fc.option(body),
  calendar: fc.option(calendar),
  headers: fc.constant([]),
  detached: fc.constant([]),
  attachments: fc.array(file, { maxLength: 3 }),
  messageId: fc.uuid().map((id) => `<${id}@example.com>`),
  date: fc.nat(4_000_000_000_000),
});

test('any content is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (content) => {
      const email = await read(content);
      expect(email.subject ?? '').toBe(content.subject);
      expect(email.messageId).toBe(content.messageId);
      expect(Date.parse(email.date ?? '')).toBe(Math.floor(content.date / 1_000) * 1_000);
      expect(email.from).toEqual(content.from);
      expect(addressesOf(email.to)).toEqual(content.to);
      expect(addressesOf(email.cc)).toEqual(content.cc);
      expect(addressesOf(email.replyTo)).toEqual(content.replyTo);
      if (content.text !== null) expect(lines(email.text)).toBe(lines(content.text));
      if (content.html !== null) expect(lines(email.html)).toBe(lines(content.html));
      const files = email.attachments.filter(({ method }) => method === undefined);
      expect(files.map(fileOf)).toEqual(inOrder(content).map(writtenFile));
      const invitations = email.attachments.filter(({ method }) => method !== undefined);
      expect(invitations.map(({ mimeType, method, content }) => [mimeType, method, lines(textOf(content))])).toEqual(
        content.calendar === null ? [] : [['text/calendar', content.calendar.method, lines(content.calendar.content)]],
      );
    }),
    { numRuns: 300 },
  );
});

test('an invitation is found beside text and HTML', async () => {
  const written = 'BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nSUMMARY:Perch\u00e9\r\nEND:VCALENDAR\r\n';
  const calendar = { method: 'CANCEL', content: written } as const;
  const email = await read({ ...PLAIN_CONTENT, text: 'a', html: '<p>a', calendar });
  expect(email).toMatchObject({ text: 'a\n', html: '<p>a\n', attachments: [{ method: 'CANCEL' }] });
  expect(textOf(email.attachments[0]?.content ?? '')).toBe(written.replaceAll('\r\n', '\n'));
});

test('an image belongs to the HTML that shows it', async () => {
  const image = { filename: 'logo.png', mimeType: 'image/png', contentId: 'logo@a', bytes: Buffer.from('png') };
  const email = await read({
    ...PLAIN_CONTENT,
    html: '<img src="cid:logo@a">',
    attachments: [{ ...image, disposition: 'inline' }],
  });
  expect(email.attachments).toMatchObject([{ related: true, contentId: '<logo@a>', disposition: 'inline' }]);
});

test.each([
  'fattura di \u00e8.pdf',
  '\u8acb\u6c42\u66f8.pdf',
  `${'\u00e4'.repeat(120)}.pdf`,
  'a "b"; c=\u00e9.pdf',
  '\ud83d\ude00.pdf',
])('the file name %s is read from each of its two places', async (filename) => {
  const file = {
    filename,
    mimeType: 'a/b',
    disposition: 'attachment',
    contentId: null,
    bytes: Buffer.from('x'),
  } as const;
  const text = composeBytes({ ...PLAIN_CONTENT, attachments: [file] }).bytes.toString();
  const withoutDisposition = text.replace(/Content-Disposition:(?:.*\r\n )*.*\r\n/, '');
  expect(withoutDisposition).not.toBe(text);
  for (const source of [text, withoutDisposition]) {
    expect((await PostalMime.parse(source)).attachments[0]?.filename).toBe(filename);
  }
});

test('an address beyond ASCII stands in UTF-8 and its domain in ASCII', async () => {
  const email = await read({ ...PLAIN_CONTENT, to: [{ name: 'Zo\u00eb', address: 'zo\u00eb@xn--bcher-kva.example' }] });
  expect(email.to).toEqual([{ name: 'Zo\u00eb', address: 'zo\u00eb@xn--bcher-kva.example' }]);
});

test('the ways to unsubscribe are read as they were written', async () => {
  const headers = listUnsubscribeFields({ url: 'https://e.example/u?a=1,2', mailto: 'u@e.example', isOneClick: true });
  const email = await read({ ...PLAIN_CONTENT, headers });
  expect(email.headers.filter(({ key }) => key.startsWith('list-')).map(({ key, value }) => [key, value])).toEqual([
    ['list-unsubscribe', '<https://e.example/u?a=1,2>, <mailto:u@e.example>'],
    ['list-unsubscribe-post', 'List-Unsubscribe=One-Click'],
  ]);
});

function addressesOf(addresses: readonly Address[] = []): unknown[] {
  return addresses.map(({ name, address, group }) =>
    group === undefined ? { name, address } : { group: name, members: group },
  );
}

function lines(text = ''): string {
  return text.replace(/\r\n|\r/g, '\n').replace(/\n+$/, '');
}

/** Those of the HTML come first. */
function inOrder({ html, attachments }: MailContent): readonly MailAttachment[] {
  const isRelated = (file: MailAttachment): boolean =>
    html !== null && file.disposition === 'inline' && file.contentId !== null;
  return [...attachments.filter(isRelated), ...attachments.filter((file) => !isRelated(file))];
}

function writtenFile({ filename, mimeType, disposition, contentId, bytes }: MailAttachment): unknown {
  return { filename, mimeType, disposition, contentId, bytes: bytes instanceof Uint8Array ? [...bytes] : [] };
}

function fileOf({ filename, mimeType, disposition, contentId, content }: Attachment): unknown {
  const bytes = typeof content === 'string' ? [] : [...new Uint8Array(content)];
  return { filename, mimeType, disposition, contentId: contentId?.slice(1, -1) ?? null, bytes };
}

function textOf(content: Attachment['content']): string {
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}
