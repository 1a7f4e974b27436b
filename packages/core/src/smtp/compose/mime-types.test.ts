// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { guessMimeType, UNKNOWN_MIME_TYPE } from './mime-types.ts';

test.each([
  ['fattura.pdf', 'application/pdf'],
  ['FATTURA.PDF', 'application/pdf'],
  ['a.b.png', 'image/png'],
  ['dati.csv', 'text/csv'],
  ['lettera.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['invito.ics', 'text/calendar'],
  ['firmato.p7m', 'application/pkcs7-mime'],
  ['mail.eml', 'message/rfc822'],
])('%s is %s', (filename, type) => {
  expect(guessMimeType(filename)).toBe(type);
});

test.each(['', 'zip', '.pdf', 'a.', 'a.unknown', 'call.ccxml'])('%j tells nothing', (filename) => {
  expect(guessMimeType(filename)).toBe(UNKNOWN_MIME_TYPE);
});
