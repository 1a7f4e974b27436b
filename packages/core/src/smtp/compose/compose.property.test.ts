// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, attachment, content, mailbox } from './any-content.case.ts';
import {
  composeBytes,
  decodeWords,
  expectCleanWire,
  fieldOf,
  PLAIN_CONTENT,
  parameterOf,
  readEntity,
} from './composed-message.case.ts';

test('whatever the content, the message is CRLF lines of at most 998 ASCII octets, the same each time', () => {
  fc.assert(
    fc.property(content, (content) => {
      const { bytes, smtpUtf8 } = composeBytes(content);
      expect(smtpUtf8).toBe(false);
      expectCleanWire(bytes);
      expect(composeBytes(structuredClone(content)).bytes.equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('no field comes out of any content but those the message has', () => {
  fc.assert(
    fc.property(content, (content) => {
      const names = readEntity(composeBytes(content).bytes.toString()).fields.map(([name]) => name);
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
      const { fields } = readEntity(composeBytes({ ...PLAIN_CONTENT, subject, from }).bytes.toString());
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
        const { bytes } = composeBytes({ ...PLAIN_CONTENT, text, html, attachments: files });
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
      const { bytes } = composeBytes({ ...PLAIN_CONTENT, text: isHtml ? null : body, html: isHtml ? body : null });
      const got = readEntity(bytes.toString()).octets.toString();
      const lines = body.replace(/\r\n|\r|\n/g, '\r\n');
      expect([lines, `${lines}\r\n`]).toContain(got);
    }),
  );
});

test('no boundary occurs inside a part', () => {
  fc.assert(
    fc.property(content, (content) => {
      const text = composeBytes(content).bytes.toString();
      for (const [, boundary = ''] of text.matchAll(/boundary="([^"]+)"/g)) {
        // Its declaration, one delimiter before each part and one at the end: all at the start of a line.
        const all = text.split(boundary).length - 1;
        const delimiters = text.split(`\r\n--${boundary}`).length - 1;
        expect(all).toBe(delimiters + 1);
      }
    }),
  );
});
