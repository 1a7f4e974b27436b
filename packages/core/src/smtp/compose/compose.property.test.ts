// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { compose } from './compose.ts';
import {
  decodeWords,
  expectCleanWire,
  fieldOf,
  PLAIN_CONTENT,
  parameterOf,
  readEntity,
} from './composed-message.case.ts';
import type { MailAttachment, Mailbox, MailContent } from './content.ts';

/** All of Unicode but surrogates, mixed with what has a meaning in a message. */
const anyText = (maxLength: number): fc.Arbitrary<string> =>
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
const cleanLine = (maxLength: number) => anyText(maxLength).map((text) => text.replace(/\p{Cc}/gu, ''));

const address = fc.constantFrom(
  'a@example.com',
  '"a, b <c@d>"@example.com',
  'a+b=c@xn--bcher-kva.example',
  'a@[192.0.2.1]',
);
const mailbox: fc.Arbitrary<Mailbox> = fc.record({ name: anyText(6), address });
const filename = cleanLine(6)
  .map((text) => [...text].slice(0, 60).join('').trim())
  .filter((text) => text !== '');
const attachment: fc.Arbitrary<MailAttachment> = fc.record({
  filename,
  mimeType: fc.constantFrom('application/pdf', 'text/plain', 'message/rfc822', 'x\r\ny'),
  disposition: fc.constantFrom('attachment', 'inline'),
  contentId: fc.constantFrom(null, 'logo@example.com'),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
const content: fc.Arbitrary<MailContent> = fc.record({
  from: mailbox,
  to: fc.array(mailbox, { maxLength: 4 }),
  cc: fc.array(mailbox, { maxLength: 2 }),
  replyTo: fc.array(mailbox, { maxLength: 2 }),
  subject: anyText(8),
  text: fc.option(anyText(20)),
  html: fc.option(anyText(20)),
  headers: fc.array(fc.tuple(fc.constantFrom('X-A', 'References', 'List-ID'), anyText(8)), { maxLength: 3 }),
  attachments: fc.array(attachment, { maxLength: 3 }),
  messageId: fc.uuid().map((id) => `<${id}@example.com>`),
  date: fc.nat(4_000_000_000_000),
});

test('whatever the content, the message is CRLF lines of at most 998 ASCII octets, the same each time', () => {
  fc.assert(
    fc.property(content, (content) => {
      const { bytes, smtpUtf8 } = compose(content);
      expect(smtpUtf8).toBe(false);
      expectCleanWire(bytes);
      expect(compose(structuredClone(content)).bytes.equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('no field comes out of any content but those the message has', () => {
  fc.assert(
    fc.property(content, (content) => {
      const names = readEntity(compose(content).bytes.toString()).fields.map(([name]) => name);
      const expected = ['date', 'message-id', 'from'];
      for (const [name, list] of [
        ['to', content.to],
        ['cc', content.cc],
        ['reply-to', content.replyTo],
      ] as const) {
        if (list.length > 0) expected.push(name);
      }
      expected.push('subject', 'mime-version', 'content-type');
      if (names.includes('content-transfer-encoding')) expected.push('content-transfer-encoding');
      expect(names).toEqual([...expected, ...content.headers.map(([name]) => name.toLowerCase())]);
    }),
  );
});

test('any subject and display name comes back', () => {
  fc.assert(
    fc.property(anyText(8), mailbox, (subject, from) => {
      const { fields } = readEntity(compose({ ...PLAIN_CONTENT, subject, from }).bytes.toString());
      expect(decodeWords(fieldOf(fields, 'subject'))).toBe(subject);
      const value = fieldOf(fields, 'from');
      const bare = value.endsWith(`<${from.address}>`) ? value.slice(0, -from.address.length - 3) : '';
      const name = bare.startsWith('"') ? bare.slice(1, -1).replace(/\\(.)/g, '$1') : decodeWords(bare);
      expect(name).toBe(from.name);
    }),
    { numRuns: 300 },
  );
});

test('any bodies and attachments come back from their parts, whatever they hold', () => {
  const lines = (text: string) => text.replace(/\r\n|\r|\n/g, '\r\n');
  fc.assert(
    fc.property(
      anyText(25),
      anyText(25),
      fc.array(attachment, { minLength: 1, maxLength: 3 }),
      (text, html, attachments) => {
        const files = attachments.map((file) => ({ ...file, disposition: 'attachment' as const }));
        const { bytes } = compose({ ...PLAIN_CONTENT, text, html, attachments: files });
        const [bodies, ...parts] = readEntity(bytes.toString()).parts;
        expect(bodies?.parts.map(({ octets }) => octets.toString())).toEqual([lines(text), lines(html)]);
        expect(parts).toHaveLength(files.length);
        for (const [index, part] of parts.entries()) {
          expect(part.octets.equals(Buffer.from(files[index]!.bytes))).toBe(true);
          expect(parameterOf(fieldOf(part.fields, 'content-disposition'), 'filename')).toBe(files[index]!.filename);
          expect(decodeWords(parameterOf(fieldOf(part.fields, 'content-type'), 'name'))).toBe(files[index]!.filename);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a single body comes back, with a line end added where it had none', () => {
  fc.assert(
    fc.property(anyText(25), fc.boolean(), (body, isHtml) => {
      const { bytes } = compose({ ...PLAIN_CONTENT, text: isHtml ? null : body, html: isHtml ? body : null });
      const got = readEntity(bytes.toString()).octets.toString();
      const lines = body.replace(/\r\n|\r|\n/g, '\r\n');
      expect([lines, `${lines}\r\n`]).toContain(got);
    }),
  );
});

test('no boundary occurs inside a part', () => {
  fc.assert(
    fc.property(content, (content) => {
      const text = compose(content).bytes.toString();
      for (const [, boundary = ''] of text.matchAll(/boundary="([^"]+)"/g)) {
        // Its declaration, one delimiter before each part and one at the end: all at the start of a line.
        const all = text.split(boundary).length - 1;
        const delimiters = text.split(`\r\n--${boundary}`).length - 1;
        expect(all).toBe(delimiters + 1);
      }
    }),
  );
});

// postal-mime decodes encoded-words even in a name that came by RFC 2231.
const filenameWithoutWords = filename.filter((name) => !name.includes('=?'));

test('postal-mime reads any subject, file name and body as they were', async () => {
  await fc.assert(
    fc.asyncProperty(cleanLine(6), filenameWithoutWords, cleanLine(10), async (subject, filename, text) => {
      const email = await PostalMime.parse(
        compose({
          ...PLAIN_CONTENT,
          subject,
          text,
          attachments: [
            { filename, mimeType: 'a/b', disposition: 'attachment', contentId: null, bytes: Buffer.from('x') },
          ],
        }).bytes,
      );
      expect(email.subject ?? '').toBe(subject);
      expect(email.attachments[0]?.filename).toBe(filename);
      expect(email.text?.replace(/\n$/, '')).toBe(text);
    }),
  );
});
