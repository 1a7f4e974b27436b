// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, TestSource } from '../byte-source.case.ts';
import { isSevenBit } from '../message-body.ts';
import { anyText, attachment, content } from './any-content.case.ts';
import { compose } from './compose.ts';
import { composeBytes, PLAIN_CONTENT } from './composed-message.case.ts';

test('with files that are sources the message is the same, octet for octet, and its size is known before', async () => {
  const file = fc.record({ attachment, isSource: fc.boolean(), pieceBytes: fc.integer({ min: 1, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(content, fc.array(file, { minLength: 1, maxLength: 3 }), async (content, files) => {
      const { bytes, smtpUtf8 } = composeBytes({ ...content, attachments: files.map(({ attachment }) => attachment) });
      const sources: TestSource[] = [];
      const attachments = files.map(({ attachment, isSource, pieceBytes }) => {
        const source = new TestSource(attachment.bytes, { pieceBytes });
        if (isSource) sources.push(source);
        return isSource ? { ...attachment, bytes: source } : attachment;
      });
      const composed = compose({ ...content, attachments });
      expect(composed.smtpUtf8).toBe(smtpUtf8);
      expect(Buffer.isBuffer(composed.body)).toBe(sources.length === 0);
      expect(composed.body.byteLength).toBe(bytes.length);
      expect(isSevenBit(composed.body)).toBe(isSevenBit(bytes));
      expect(sources.every(({ readings }) => readings === 0)).toBe(true);
      expect((await bytesOf(composed.body)).equals(bytes)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('an attachment whose bytes are any kind of view stays in memory', () => {
  fc.assert(
    fc.property(anyText(4), attachment, (text, file) => {
      const mail = { ...PLAIN_CONTENT, text, attachments: [file] };
      const view = { ...file, bytes: new Uint8Array(file.bytes) };
      expect(composeBytes({ ...mail, attachments: [view] })).toEqual(composeBytes(mail));
    }),
    { numRuns: 20 },
  );
});
